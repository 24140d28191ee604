// SPDX-License-Identifier: Apache-2.0

import APIModel
import ArgumentParser
import NIOHTTP1
import Primitives

struct WorkerDrain: ClusterVerb {
    static let configuration = CommandConfiguration(
        commandName: "drain",
        abstract: "Have a worker give its pages to the others, so that it can be taken away.",
        discussion: """
            Prints the plan and asks; then shows how far it is until the worker holds nothing that \
            another should hold, and says whether it can be switched off. Readers notice nothing. \
            Refused where the others have no room, or too few of them would be left: '--force' drains \
            all the same, and what finds no room is read from the lake again. Ctrl-C stops watching, not \
            the drain: 'tarn worker undrain' ends it, at any time.

            EXAMPLES:
              tarn worker drain w4 --dry-run
              tarn worker drain w4
              tarn worker drain w4 --rate 100MiB --deadline 30m --yes
              tarn worker drain w4 --detach --yes

            EXIT STATUS:
              0   safe to power off; begun, with '--detach'; planned, with '--dry-run'
              1   the question was answered with no, or the drain was cancelled
              3   no worker of that name
              4   refused as unsafe, with the numbers; or not safe to power off
              5   no quorum
              6   safe to power off, but some pages will be read from the lake again
              7   the deadline is over; it drains on
              8   nobody reachable
              64  the command line is wrong, or there is no terminal to ask on
            """
    )

    @Argument(help: "Name of the worker.")
    var name: String

    @Option(help: ArgumentHelp("Stop waiting after this long.", valueName: "duration"))
    var deadline: WaitingTime?

    @Option(help: ArgumentHelp("Bytes a second that it may send.", valueName: "size"))
    var rate: ByteAmount?

    @Flag(help: "Print the plan alone.")
    var dryRun = false

    @Flag(help: "Return as soon as it has begun.")
    var detach = false

    @Flag(help: "Drain although not everything fits.")
    var force = false

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    var format: OutputFormat { output.output }

    private var target: String { "/v1/workers/" + PercentEncoding.segment(name) }

    func run(_ session: Session) async throws(CommandFailure) {
        let worker = try await session.client.read(.get(target), as: WorkerDocument.self).document
        if worker.state == "active" {
            let plan = try await planned(session)
            if dryRun { return try show(plan, session) }
            try ask(plan.document, session)
        } else if dryRun {
            throw .refused(
                "'\(name)' is \(worker.state): there is nothing to plan",
                next: "tarn worker show \(name)"
            )
        } else if worker.state == "joining" {
            try session.confirm("\(name) will not join the ring.")
        }
        let job = try await session.client.write(
            .POST,
            target + "/drain",
            body: DrainRequest(rate: rate?.bytes, force: force ? true : nil),
            as: JobDocument.self
        )
        if detach {
            return try session.confirm(
                job.bytes,
                "\(name) is draining\nNext: tarn job wait \(job.document.id)"
            )
        }
        let end = try await JobWatch(session, deadline: deadline?.span).wait(for: job.document)
        try await DrainVerdict(end, session).pronounce()
    }

    // MARK: - The plan

    private func planned(
        _ session: Session
    ) async throws(CommandFailure) -> Answered<RingPlanDocument> {
        try await session.client.write(
            .POST,
            target + "/drain",
            body: DrainRequest(rate: rate?.bytes, dryRun: true),
            as: RingPlanDocument.self
        )
    }

    private func show(
        _ plan: Answered<RingPlanDocument>,
        _ session: Session
    ) throws(CommandFailure) {
        if session.format == .table { try Terminal.write(RingPlanText.lines(plan.document)) }
        try session.show(plan.bytes) { RingPlanText.table(plan.document) }
        if !plan.document.refusals.isEmpty, !force { throw refusal(of: plan.document) }
    }

    private func ask(_ plan: RingPlanDocument, _ session: Session) throws(CommandFailure) {
        guard plan.refusals.isEmpty || force else { throw refusal(of: plan) }
        session.remark(RingPlanText.lines(plan) + RingPlanText.table(plan).text(session.style))
        try session.confirm("\(name) will give its pages away and leave the ring.")
    }

    private func refusal(of plan: RingPlanDocument) -> CommandFailure {
        .refused(
            "draining '\(name)': " + plan.refusals.joined(separator: "; "),
            next: "tarn worker drain \(name) --force"
        )
    }
}

struct WorkerUndrain: ClusterVerb {
    static let configuration = CommandConfiguration(
        commandName: "undrain",
        abstract: "Have a worker that drains, or is drained, own pages again.",
        discussion: """
            What it still has it does not get again.

            EXAMPLES:
              tarn worker undrain w4

            EXIT STATUS:
              0   it owns pages again
              3   no worker of that name
              5   no quorum
              7   timed out
              8   nobody reachable
              64  it is neither draining nor drained, or the command line is wrong
            """
    )

    @Argument(help: "Name of the worker.")
    var name: String

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    var format: OutputFormat { output.output }

    func run(_ session: Session) async throws(CommandFailure) {
        let answer = try await session.client.read(
            APICall(
                method: .POST,
                target: "/v1/workers/" + PercentEncoding.segment(name) + "/undrain"
            ),
            as: WorkerDocument.self
        )
        try session.confirm(answer.bytes, "\(name) is \(answer.document.state)")
    }
}

struct WorkerRemove: ClusterVerb {
    static let configuration = CommandConfiguration(
        commandName: "remove",
        abstract: "Take a worker out of the cluster for good.",
        discussion: """
            The worker should be drained before; one that is dead for good is removed with '--lost': what \
            only it held is then read from the lake again. Its data directory is never taken in again; a \
            new worker may have its name. Asks for the name once more.

            EXAMPLES:
              tarn worker remove w4
              tarn worker remove w4 --lost

            EXIT STATUS:
              0   removed
              1   another name was typed; nothing done
              3   no worker of that name
              4   refused: it is not drained, is alive, or votes and nobody else could
              5   no quorum
              7   timed out
              8   nobody reachable
              64  the command line is wrong, or there is no terminal to ask on
            """
    )

    @Argument(help: "Name of the worker.")
    var name: String

    @Flag(help: "It is dead and does not come back.")
    var lost = false

    @Flag(help: "Although it is alive and not drained: what it holds is lost.")
    var force = false

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    var format: OutputFormat { output.output }

    private var target: String { "/v1/workers/" + PercentEncoding.segment(name) }

    func run(_ session: Session) async throws(CommandFailure) {
        let worker = try await session.client.read(.get(target), as: WorkerDocument.self).document
        let isEmpty = ["drained", "joining"].contains(worker.state)
        let pages = worker.pages.map(String.init) ?? "an unknown number of"
        guard isEmpty || lost || force else {
            throw .refused(
                "'\(name)' is \(worker.state), not drained: \(pages) pages "
                    + "(\(ByteCount(worker.used ?? 0))) would be lost",
                next: worker.liveness == "alive"
                    ? "tarn worker drain \(name)" : "tarn worker remove \(name) --lost"
            )
        }
        let loss =
            isEmpty
            ? "" : " It is \(worker.state): what only it held is read from the lake again."
        try session.confirmByName(
            "Worker \(TextTable.shown(name)) will be taken out of the cluster for good.\(loss)",
            name: name
        )
        let query = PercentEncoding.query([
            ("lost", lost ? "true" : nil), ("force", force ? "true" : nil),
        ])
        let answer = try await session.client.read(
            APICall(method: .DELETE, target: target + query),
            as: WorkerDocument.self,
            within: max(connection.timeout, .seconds(30))  // Its vote may have to go first.
        )
        try session.confirm(answer.bytes, "worker \(name) removed")
    }
}
