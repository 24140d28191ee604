// SPDX-License-Identifier: Apache-2.0
import NIOCore

/// What is asked of a store; every store answers the same calls.
enum Call {
    /// Writes one entry, whatever is there.
    case put(key: Int)
    /// Reads one entry; the answer is at least as new as the call.
    case read(key: Int)
    /// Reads one entry from the asked member's own state, however old.
    case readLocally(key: Int)
    /// Which member leads, asked of any member.
    case leader
    /// Leadership goes from the asked leader to another member.
    case transfer(to: Member)
    /// A cluster begins, where the store needs to be told.
    case begin
}

/// What became of a call.
enum Outcome {
    case answered(ByteBuffer)
    /// The store said no; its words.
    case refused(String)
    /// The connection ended first.
    case lost

    var isAnswered: Bool {
        if case .answered = self { true } else { false }
    }
}

/// One connection to one member of a store.
///
/// Lives on its event loop. One call at a time for HTTP/1.1 and, to be equal, for gRPC too.
protocol Session: AnyObject {
    /// Sends a call; `done` is called once, on the loop.
    func perform(_ call: Call, _ done: @escaping (Outcome) -> Void)
    /// Watches every key; `received` gets the bytes of whatever arrives, until the connection ends.
    ///
    /// `begun` is called once when the store has confirmed the watch.
    func watch(begun: @escaping () -> Void, received: @escaping (ByteBuffer) -> Void)
    func close()
}
