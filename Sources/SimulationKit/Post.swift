// SPDX-License-Identifier: Apache-2.0

import Codecs
import Primitives
import RaftCore

/// A message as it comes out of the production codec at the other end.
///
/// A class, so that its copies on the way, and those that are replayed, are one.
final class Letter: Sendable {
    let sent: RaftMessage
    /// What the receiver reads, or why it cannot.
    let received: Result<RaftMessage, ByteDecodingError>

    init(_ message: RaftMessage) {
        sent = message
        let bytes = RaftMessageCodec.encode(message)
        received = Result { () throws(ByteDecodingError) in try RaftMessageCodec.decode(bytes) }
    }
}

/// Turns messages into letters.
///
/// Encoding and decoding hang on the message alone. A leader tells all followers the same, and they
/// answer the same: what equals the last of its kind is not coded once more, and those who get it share
/// the payloads.
struct Post {
    private var latestAppend: Letter?
    private var latestReply: Letter?

    mutating func letter(for message: RaftMessage) -> Letter {
        switch message.body {
        case .append: Self.letter(for: message, like: &latestAppend)
        case .appendReply: Self.letter(for: message, like: &latestReply)
        default: Letter(message)
        }
    }

    private static func letter(for message: RaftMessage, like latest: inout Letter?) -> Letter {
        if let latest, latest.sent == message { return latest }
        let letter = Letter(message)
        latest = letter
        return letter
    }
}
