// SPDX-License-Identifier: Apache-2.0

import APIModel
import ArgumentParser
import Dispatch
import Glibc
import Primitives

/// Waits for a job, showing how far it is; Ctrl-C ends the waiting, not the job.
struct JobWatch: Sendable {
    private static let pause = Duration.milliseconds(300)

    let session: Session
    let deadline: Timespan?

    init(_ session: Session, deadline: Timespan?) {
        self.session = session
        self.deadline = deadline
    }

    /// Returns the job once it is over.
    ///
    /// - Throws: ``CommandFailure/timedOut(_:outcome:)`` at the deadline.
    func wait(for first: JobDocument) async throws(CommandFailure) -> Answered<JobDocument> {
        let detach = Detachment(id: first.id)
        defer { detach.end() }
        let end = deadline.map { ContinuousClock.now + $0.duration }
        var progress = Progress(isQuiet: session.isQuiet)
        defer { progress.end() }
        var shown: (total: UInt64, done: UInt64) = (0, 0)
        while true {
            let answer = try await session.client.read(
                .get("/v1/jobs/" + PercentEncoding.segment(first.id)),
                as: JobDocument.self
            )
            let job = answer.document
            if job.bytesTotal > shown.total { progress.expect(job.bytesTotal - shown.total) }
            progress.advance(job.bytesDone > shown.done ? job.bytesDone - shown.done : 0)
            shown = (max(shown.total, job.bytesTotal), max(shown.done, job.bytesDone))
            if job.isOver { return answer }
            if let end, ContinuousClock.now >= end {
                throw .timedOut(
                    "\(job.id) goes on: \(job.done) of \(job.total) pages are done"
                        + (job.state == "waiting" ? "; it waits for the ring" : "")
                )
            }
            try? await Task.sleep(for: Self.pause)
        }
    }
}

/// Ctrl-C while a job is watched: says that it goes on, and leaves.
private final class Detachment {
    private let source: any DispatchSourceSignal

    init(id: String) {
        signal(SIGINT, SIG_IGN)
        source = DispatchSource.makeSignalSource(signal: SIGINT, queue: .global())
        source.setEventHandler {
            Terminal.writeError(
                "\ndetached; \(id) goes on\nNext: tarn job wait \(id)\n"
            )
            _exit(130)
        }
        source.resume()
    }

    func end() {
        source.cancel()
        signal(SIGINT, SIG_DFL)
    }
}

/// How long to wait for a job: `30s`, `1h`.
struct WaitingTime: ExpressibleByArgument, Sendable {
    let span: Timespan

    init?(argument: String) {
        guard let span = Timespan(argument) else { return nil }
        self.span = span
    }
}
