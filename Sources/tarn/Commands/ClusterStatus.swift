// SPDX-License-Identifier: Apache-2.0

import APIModel
import ArgumentParser
import Primitives

struct ClusterStatus: ClusterVerb {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Show leader, quorum, voters, regions and alarms.",
        discussion: """
            Always answers, with or without a quorum: it is what the asked worker knows.

            EXAMPLES:
              tarn cluster status
              tarn cluster status --addr 10.0.1.11:7400 -o json

            EXIT STATUS:
              0   printed, and there is a quorum
              1   not initialised yet
              5   printed, and there is no quorum
              7   timed out
              8   nobody reachable
              64  the command line is wrong
            """
    )

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    var format: OutputFormat { output.output }

    func run(_ session: Session) async throws(CommandFailure) {
        let answer = try await session.client.read(.get("/v1/cluster"), as: ClusterDocument.self)
        let cluster = answer.document
        if session.format == .table {
            try Terminal.write(Self.summary(cluster, ageMS: answer.stalenessMS))
        }
        try session.show(answer.bytes) { Self.voters(cluster) }
        if session.format == .table { try Terminal.write(Self.rest(cluster, session.style)) }
        guard cluster.quorum.have >= cluster.quorum.need else {
            throw .problem(Self.noQuorum(cluster))
        }
    }

    private static func noQuorum(_ cluster: ClusterDocument) -> ProblemDocument {
        let missing = cluster.voters.filter { !$0.reachable }.map(\.name)
        let names = missing.isEmpty ? "" : "; unreachable: \(missing.joined(separator: ", "))"
        return ProblemDocument(
            .noQuorum,
            detail: "\(cluster.quorum.have) of \(cluster.voters.count) voters answer, "
                + "\(cluster.quorum.need) are needed\(names)",
            next: "tarn worker start --help"
        )
    }

    private static func summary(_ cluster: ClusterDocument, ageMS: UInt64?) -> String {
        let have = cluster.quorum.have
        let need = cluster.quorum.need
        let quorum = have >= need ? "quorum" : "NO QUORUM"
        return """
            cluster \(cluster.cluster), generation \(cluster.generation), revision \(cluster.revision)
            leader \(cluster.leader ?? "none"), term \(cluster.term), \(quorum): \
            \(have) of \(cluster.voters.count) voters answer, \(need) are needed
            \(feed(cluster)); this answer is \(age(ageMS))


            """
    }

    private static func feed(_ cluster: ClusterDocument) -> String {
        let relays =
            cluster.relays.isEmpty
            ? "no relays"
            : "relays " + cluster.relays.map { TextTable.shown($0) }.joined(separator: ", ")
        return "\(relays), \(cluster.observers) observers"
    }

    /// How old the catalog of the asked worker is at most.
    private static func age(_ ms: UInt64?) -> String {
        guard let ms else { return "of unknown age" }
        return ms < 1000 ? "\(ms) ms old at most" : "\(ms / 1000).\(ms % 1000 / 100) s old at most"
    }

    private static func voters(_ cluster: ClusterDocument) -> TextTable {
        var table = TextTable("VOTER", "REGION", "ZONE", "REACHABLE", "TRAILS LEADER BY")
        let learners = cluster.learners.map { learner in
            var learner = learner
            learner.name += " (learner)"
            return learner
        }
        for voter in cluster.voters + learners {
            table.add(
                voter.name,
                voter.region,
                voter.zone,
                voter.reachable ? "yes" : "no",
                voter.trailsLeaderBy.map(String.init) ?? ""
            )
        }
        return table
    }

    private static func rest(_ cluster: ClusterDocument, _ style: Style) -> String {
        var regions = TextTable("REGION", "EPOCH", "SETTLED", "WORKERS")
        for (name, region) in cluster.regions.sorted(by: { $0.key < $1.key }) {
            let settled = region.settled ? "yes" : "no"
            regions.add(name, String(region.epoch), settled, String(region.workers))
        }
        let alarms = cluster.alarms.map { alarm in
            "alarm \(TextTable.shown(alarm.kind)): \(TextTable.shown(alarm.detail))\n"
        }
        return autopilot(cluster) + "\n" + regions.text(style) + (alarms.isEmpty ? "" : "\n")
            + alarms.joined()
    }

    /// What is done about the votes, and why not now.
    private static func autopilot(_ cluster: ClusterDocument) -> String {
        guard let autopilot = cluster.autopilot else { return "" }
        var lines = [
            "votes: \(autopilot.voters) to vote, and to survive the loss of a \(autopilot.survive)"
        ]
        if let action = autopilot.action {
            let leaving = autopilot.leaving.joined(separator: ", ")
            let coming = autopilot.coming.joined(separator: ", ")
            lines.append(
                "next: \(action)" + (leaving.isEmpty ? "" : ", without \(leaving)")
                    + (coming.isEmpty ? "" : ", with \(coming)")
                    + (autopilot.reason.map { ": \($0)" } ?? "")
            )
        }
        if let waitsFor = autopilot.waitsFor { lines.append("waits for: \(waitsFor)") }
        if let weakness = autopilot.weakness { lines.append("weakness: \(weakness)") }
        if let leadership = autopilot.leadership { lines.append("led: \(leadership)") }
        for (word, names) in [("promoted", autopilot.promoted), ("demoted", autopilot.demoted)]
        where !names.isEmpty {
            lines.append("\(word): \(names.joined(separator: ", "))")
        }
        return "\n" + lines.map { TextTable.shown($0) + "\n" }.joined()
    }
}
