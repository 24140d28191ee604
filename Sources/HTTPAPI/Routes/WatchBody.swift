// SPDX-License-Identifier: Apache-2.0
import APIModel
import CatalogCore
import Coordination
import NIOCore
import Primitives

/// The lines of one watch, until the service ends it, the client goes, or the server shuts down.
///
/// A slow client holds up `write`, so the service's own bounded stream fills and ends the watch with
/// `closed`; nothing is kept here.
struct WatchBody: Sendable {
    let stream: WatchStream
    let signal: ShutdownSignal
    let begin: ResumePoint

    private enum End: Sendable {
        /// The events are over, or the pump was stopped.
        case pumped(ResumePoint)
        case goingAway
    }

    func send(to write: @escaping APIResponse.BodyWriter) async throws {
        try await withThrowingTaskGroup(of: End.self) { group in
            group.addTask { try await pump(to: write) }
            group.addTask { [signal] in
                await signal.wait()
                return .goingAway
            }
            let first = try await group.next()
            group.cancelAll()
            let second = try await group.next()
            if case .goingAway = first, case .pumped(let point) = second,
                let revision = point.revision
            {
                try await write(try Self.line(.closed(resumeFrom: revision)))
            }
        }
    }

    private func pump(to write: @escaping APIResponse.BodyWriter) async throws -> End {
        var point = begin
        for await event in stream {
            // A stream that is cancelled may give one more event; writing it would throw by now.
            guard !Task.isCancelled else { break }
            try await write(try Self.line(event))
            point.note(event)
        }
        return .pumped(point)
    }

    private static func line(_ event: WatchEvent) throws -> ByteBuffer {
        var line = try JSONText.encode(WatchLine(event))
        line.writeInteger(UInt8(ascii: "\n"))
        return line
    }
}

/// Where a watcher that is sent away has to go on: nothing before it is missing, nothing complete
/// comes again.
struct ResumePoint: Sendable {
    /// `nil` while the state is being sent: half a state is none.
    private(set) var revision: Revision?

    /// `head` is the newest revision just before the watch was made.
    init(_ request: WatchRequest, head: Revision) {
        revision = request.includesState ? nil : request.from ?? head.next
    }

    mutating func note(_ event: WatchEvent) {
        switch event {
        case .state: break
        case .change(let change):
            revision = change.hasMore ? change.revision : change.revision.next
        case .progress(let complete): revision = complete.next
        case .closed(let resumeFrom): revision = resumeFrom
        }
    }
}
