// SPDX-License-Identifier: Apache-2.0

import APIModel
import ArgumentParser
import NIOHTTP1
import Primitives

struct JobCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "job",
        abstract: "Look after long operations.",
        subcommands: [JobList.self, JobShow.self, JobWait.self, JobCancel.self]
    )

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions
}

struct JobList: ClusterVerb {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List jobs; those that ended are kept for a while.",
        discussion: """
            EXAMPLES:
              tarn job list
              tarn job list -o json

            EXIT STATUS:
              0   printed
              5   no quorum
              7   timed out
              8   nobody reachable
              64  the command line is wrong
            """
    )

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    var format: OutputFormat { output.output }

    func run(_ session: Session) async throws(CommandFailure) {
        let jobs = try await session.client.list("/v1/jobs", of: JobDocument.self)
        try session.show(jobs.raw) {
            var table = TextTable("ID", "KIND", "STATE", "PAGES", "DONE", "BYTES", "RATE")
            for job in jobs.items {
                table.add(
                    job.id,
                    job.kind,
                    job.state,
                    String(job.total),
                    String(job.done),
                    ByteCount(job.bytesTotal).description,
                    RingPlanText.rate(job.rate)
                )
            }
            return table
        }
    }
}

struct JobShow: ClusterVerb {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show everything about one job.",
        discussion: """
            EXAMPLES:
              tarn job show drain-w4-57

            EXIT STATUS:
              0   printed
              3   no such job
              5   no quorum
              7   timed out
              8   nobody reachable
              64  the command line is wrong
            """
    )

    @Argument(help: "Id of the job, as 'tarn job list' prints it.")
    var id: String

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    var format: OutputFormat { output.output }

    func run(_ session: Session) async throws(CommandFailure) {
        let answer = try await session.client.read(.get(jobTarget(id)), as: JobDocument.self)
        try session.show(answer.bytes) { Self.table(answer.document) }
    }

    private static func table(_ job: JobDocument) -> TextTable {
        var table = TextTable("FIELD", "VALUE")
        table.add("id", job.id)
        table.add("kind", job.kind)
        table.add("state", job.state)
        table.add("region", job.region)
        table.add("worker", job.worker ?? "")
        table.add("pages", "\(job.done) of \(job.total)")
        table.add("bytes", "\(ByteCount(job.bytesDone)) of \(ByteCount(job.bytesTotal))")
        table.add("rate", RingPlanText.rate(job.rate))
        table.add("eta", job.etaSeconds.map { Timespan.seconds($0).description } ?? "")
        table.add("given up", "\(job.leftPages) pages (\(ByteCount(job.leftBytes)))")
        for failure in job.failures { table.add("failure", "\(failure.what): \(failure.why)") }
        return table
    }
}

struct JobWait: ClusterVerb {
    static let configuration = CommandConfiguration(
        commandName: "wait",
        abstract: "Wait until a job is over, and say what came of it.",
        discussion: """
            Ends a drain with its verdict, as 'tarn worker drain' does. Ctrl-C stops waiting, not the \
            job.

            EXAMPLES:
              tarn job wait drain-w4-57
              tarn job wait drain-w4-57 --deadline 30m

            EXIT STATUS:
              0   done
              1   failed or cancelled
              3   no such job
              4   a drain whose worker is not safe to power off
              5   no quorum
              6   done, but something was given up
              7   the deadline is over; the job goes on
              8   nobody reachable
              64  the command line is wrong
            """
    )

    @Argument(help: "Id of the job, as 'tarn job list' prints it.")
    var id: String

    @Option(help: ArgumentHelp("Stop waiting after this long.", valueName: "duration"))
    var deadline: WaitingTime?

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    var format: OutputFormat { output.output }

    func run(_ session: Session) async throws(CommandFailure) {
        let job = try await session.client.read(.get(jobTarget(id)), as: JobDocument.self)
        let end = try await JobWatch(session, deadline: deadline?.span).wait(for: job.document)
        if end.document.kind == "drain" {
            return try await DrainVerdict(end, session).pronounce()
        }
        guard end.document.state == "done" else {
            throw .local("\(id) was \(end.document.state)", next: "tarn job show \(id)")
        }
        try session.confirm(end.bytes, "\(id) is done")
        if end.document.leftPages > 0 { throw .silent(status: 6) }
    }
}

struct JobCancel: ClusterVerb {
    static let configuration = CommandConfiguration(
        commandName: "cancel",
        abstract: "Cancel a job; what it has done stays done.",
        discussion: """
            The worker of a drain owns pages again. A rebalance follows the ring and can only be paused.

            EXAMPLES:
              tarn job cancel drain-w4-57

            EXIT STATUS:
              0   cancelled
              3   no such job
              4   it is over, or cannot be cancelled
              5   no quorum
              7   timed out
              8   nobody reachable
              64  the command line is wrong
            """
    )

    @Argument(help: "Id of the job, as 'tarn job list' prints it.")
    var id: String

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    var format: OutputFormat { output.output }

    func run(_ session: Session) async throws(CommandFailure) {
        let answer = try await session.client.read(
            APICall(method: .DELETE, target: jobTarget(id)),
            as: JobDocument.self
        )
        try session.confirm(answer.bytes, "\(id) is \(answer.document.state)")
    }
}

private func jobTarget(_ id: String) -> String { "/v1/jobs/" + PercentEncoding.segment(id) }
