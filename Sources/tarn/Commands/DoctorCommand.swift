// SPDX-License-Identifier: Apache-2.0

import APIModel
import ArgumentParser
import Coordination
import LogStorage
import SystemPackage

struct DoctorCommand: AsyncParsableCommand, FormattedCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Check a data directory or the cluster, and name the next step of what is wrong.",
        discussion: """
            With --data-dir: a worker's data directory on this machine, whether it runs or not; \
            nothing in it is changed. Without: the cluster.

            EXAMPLES:
              tarn doctor
              tarn doctor --addr 10.0.1.11:7400 -o json
              tarn doctor --data-dir /var/lib/tarn

            EXIT STATUS:
              0   all is well
              1   a check failed; the table says which, and what to do
              7   timed out
              8   nobody reachable
              64  the command line is wrong
            """
    )

    @Option(
        help: ArgumentHelp("Look at this data directory instead of the cluster.", valueName: "dir")
    )
    var dataDir: String?

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    var format: OutputFormat { output.output }

    func run() async throws {
        let session = try Session(connection, format)
        let checks: [DirectoryCheck]
        do throws(CommandFailure) {
            checks =
                if let dataDir {
                    DataDirectory.examine(FilePath(dataDir))
                } else {
                    try await Self.examineCluster(session)
                }
        } catch {
            await session.client.shutdown()
            throw error
        }
        await session.client.shutdown()
        try Self.show(checks, session)
        if checks.contains(where: { $0.state == .bad }) { throw CommandFailure.silent(status: 1) }
    }

    private static func show(
        _ checks: [DirectoryCheck],
        _ session: Session
    ) throws(CommandFailure) {
        let rows = checks.map { check in
            Row(
                check: check.name,
                state: check.state.rawValue,
                detail: check.detail,
                next: check.next
            )
        }
        try session.show(try ClusterClient.encode(rows)) {
            var table = TextTable("CHECK", "STATE", "WHAT")
            for row in rows {
                table.add(row.check, row.state, row.detail)
                if !row.next.isEmpty { table.add("", "", "next: \(row.next)") }
            }
            return table
        }
    }

    private struct Row: Encodable {
        let check: String
        let state: String
        let detail: String
        let next: String
    }

    // MARK: - The cluster

    private static func examineCluster(
        _ session: Session
    ) async throws(CommandFailure) -> [DirectoryCheck] {
        let cluster: ClusterDocument
        do throws(CommandFailure) {
            let path = "/v1/cluster"
            cluster = try await session.client.read(.get(path), as: ClusterDocument.self).document
        } catch .problem(let problem, _) where problem.knownCode == .notInitialised {
            let next = "tarn cluster init"
            return [DirectoryCheck("cluster", .bad, "not initialised", next: next)]
        }
        return [quorumCheck(cluster), leaderCheck(cluster)] + cluster.voters.map(voterCheck)
            + cluster.alarms.map { alarm in
                let isSealed = alarm.kind == Alarm.Kind.credentialSealed.rawValue
                let next = isSealed ? "Docs/credentials.md" : "Docs/operations/disks.md"
                return DirectoryCheck(alarm.kind, .bad, alarm.detail, next: next)
            }
    }

    private static func quorumCheck(_ cluster: ClusterDocument) -> DirectoryCheck {
        let (have, need) = (cluster.quorum.have, cluster.quorum.need)
        let detail = "\(have) of \(cluster.voters.count) voters answer, \(need) are needed"
        return have >= need
            ? DirectoryCheck("quorum", .ok, detail)
            : DirectoryCheck("quorum", .bad, detail, next: "start the voters that do not answer")
    }

    private static func leaderCheck(_ cluster: ClusterDocument) -> DirectoryCheck {
        guard let leader = cluster.leader else {
            return DirectoryCheck("leader", .bad, "none", next: "tarn cluster status")
        }
        return DirectoryCheck("leader", .ok, "\(leader), term \(cluster.term)")
    }

    private static func voterCheck(_ voter: VoterDocument) -> DirectoryCheck {
        guard voter.reachable else {
            let next = "on its machine: tarn doctor --data-dir <its data-dir>"
            return DirectoryCheck("voter", .bad, "\(voter.name) does not answer", next: next)
        }
        let trail = voter.trailsLeaderBy.map { ", \($0) entries behind the leader" } ?? ""
        return DirectoryCheck("voter", .ok, "\(voter.name) answers\(trail)")
    }
}
