// SPDX-License-Identifier: Apache-2.0
import CatalogCore
import Coordination
import NIOCore
import Primitives

/// The lines of one watch, until the service ends it, the client goes, or the server shuts down.
///
/// Whatever there is when the connection takes more leaves with one write. A slow client holds up
/// `write`, so its place in the history stays behind until that is gone and the watch ends with
/// `closed`; nothing is kept here.
struct WatchBody: Sendable {
    let stream: any WatchStream
    let lines: SharedWatchLines
    let signal: ShutdownSignal
    let begin: ResumePoint

    /// A write is made of whole lines and ends with the one that reaches this.
    private static let pieceByteCount = 64 << 10

    func send(to write: APIResponse.BodyWriter) async throws {
        let ticket = signal.onRaise { [stream] in stream.end() }
        defer { signal.forget(ticket) }
        var point = begin
        while let events = await stream.events() {
            try await send(events, to: write)
            for event in events { point.note(event) }
        }
        if signal.isRaised, let revision = point.revision, !point.isClosed {
            try await send([.closed(resumeFrom: revision)], to: write)
        }
    }

    private func send(_ events: [WatchEvent], to write: APIResponse.BodyWriter) async throws {
        var text = ByteBuffer()
        for event in events {
            try lines.append(event, to: &text)
            guard text.readableBytes >= Self.pieceByteCount else { continue }
            try await write(text)
            text = ByteBuffer()
        }
        if text.readableBytes > 0 { try await write(text) }
    }
}

/// Where a watcher that is sent away has to go on: nothing before it is missing, nothing complete
/// comes again.
struct ResumePoint: Sendable {
    /// `nil` while the state is being sent: half a state is none.
    private(set) var revision: Revision?
    /// Whether the watcher was told.
    private(set) var isClosed = false

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
        case .closed(let resumeFrom):
            revision = resumeFrom
            isClosed = true
        }
    }
}
