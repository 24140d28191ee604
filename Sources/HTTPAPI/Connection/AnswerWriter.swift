// SPDX-License-Identifier: Apache-2.0
import NIOCore
import NIOHTTP1

/// Where the answers of one connection go, one after the other.
///
/// Most answers are whole and short, and made on the connection's own loop: such a one goes straight
/// into the pipeline, where the asynchronous writer would queue it, lock, and come back to this very loop.
/// Nothing that the asynchronous writer was given before can be overtaken: the pipeline hands on the next
/// request only when the end of the last answer has passed it.
struct AnswerWriter: Sendable {
    private let channel: any Channel
    private let outbound: NIOAsyncChannelOutboundWriter<HTTPServerResponsePart>

    init(
        _ channel: any Channel,
        _ outbound: NIOAsyncChannelOutboundWriter<HTTPServerResponsePart>
    ) {
        self.channel = channel
        self.outbound = outbound
    }

    /// Writes a part; returns when the connection takes more, throws where it has ended.
    func write(_ part: HTTPServerResponsePart) async throws { try await outbound.write(part) }

    /// Writes a whole answer, which leaves with one flush.
    func writeWhole(_ parts: [HTTPServerResponsePart]) async throws {
        // A connection that takes no more, or has ended, is the asynchronous writer's matter.
        guard channel.eventLoop.inEventLoop, channel.isActive, channel.isWritable else {
            return try await outbound.write(contentsOf: parts)
        }
        let pipeline = channel.pipeline.syncOperations
        for part in parts { pipeline.write(NIOAny(part), promise: nil) }
        pipeline.flush()
    }

    func finish() { outbound.finish() }
}
