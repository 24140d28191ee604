// SPDX-License-Identifier: Apache-2.0
import NIOCore

/// Sends what one turn of the event loop has written with one system call.
///
/// Many answers and questions come up in one turn: each alone would cost a write here and a read on
/// the other side. Nothing waits longer than until the turn is over.
final class FlushOncePerTick: ChannelOutboundHandler {
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private var context: ChannelHandlerContext?
    private var isDue = false

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func flush(context: ChannelHandlerContext) {
        guard !isDue else { return }
        isDue = true
        context.eventLoop.assumeIsolated().execute { [weak self] in
            self?.isDue = false
            self?.context?.flush()
        }
    }
}
