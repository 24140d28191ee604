// SPDX-License-Identifier: Apache-2.0
import Codecs
import NIOCore
import Primitives

/// What leaves a connection, how long it may take, and how it ends.
extension PageServerHandler {
    // MARK: - Writing

    func send(_ head: PageReplyHead, id: UInt64) {
        write(head.encoded(id: id), promise: nil)
    }

    func write(_ bytes: [UInt8], promise: EventLoopPromise<Void>?) {
        guard let context else {
            promise?.fail(ChannelError.ioOnClosedChannel)
            return
        }
        let buffer = context.channel.allocator.buffer(bytes: bytes)
        context.write(wrapOutboundOut(buffer), promise: promise)
        hasUnflushed = true
    }

    func flush() {
        guard hasUnflushed, let context else { return }
        hasUnflushed = false
        context.flush()
        watchForStall()
    }

    func scheduleNotices(_ context: ChannelHandlerContext) {
        notices = context.eventLoop.assumeIsolated().scheduleTask(in: limits.fillingInterval) {
            self.repeatNotices()
        }
    }

    private func repeatNotices() {
        guard let context, notices != nil else { return }
        scheduleNotices(context)
        // A client that takes nothing gets no more notices either: they would pile up.
        guard context.channel.isWritable else { return }
        for id in inFlight.keys.sorted() where inFlight[id]?.isFilling == true {
            send(.filling, id: id)
        }
        flush()
    }

    func stopNotices() {
        notices?.cancel()
        notices = nil
    }

    // MARK: - Deadlines and the end

    func begin(_ context: ChannelHandlerContext) {
        guard deadline == nil, case .opening = phase else { return }
        deadline = context.eventLoop.assumeIsolated().scheduleTask(in: limits.helloDeadline) {
            self.giveUp()
        }
        if !counters.opened(limit: limits.connectionCount) {
            // At once: lingering ones would keep the places that they are refused for.
            refuse("\(limits.connectionCount) connections are open already")
            close()
        }
    }

    /// While a frame or an answer is under way, something has to move within the deadline.
    func watchForStall() {
        let isWaiting = (accumulator.byteCount > 0 && hasRoom) || unsentCount > 0
        guard isWaiting, case .open = phase, let context else {
            stall?.cancel()
            stall = nil
            return
        }
        guard stall == nil else { return }
        stall = context.eventLoop.assumeIsolated().scheduleTask(in: limits.stallDeadline) {
            self.giveUp()
        }
    }

    private func giveUp() {
        counters.note { $0.stalledCount += 1 }
        close()
    }

    func refuse(_ reason: String) {
        guard let context else { return }
        counters.note { $0.refusedCount += 1 }
        phase = .refused
        accumulator = FrameAccumulator(frameLimit: 0)
        write(PageServerHello.refused(reason: reason).encoded, promise: nil)
        flush()
        context.close(mode: .output, promise: nil)
        deadline?.cancel()
        deadline = context.eventLoop.assumeIsolated().scheduleTask(in: limits.refusalDeadline) {
            self.close()
        }
    }

    func close() {
        guard let context else { return }
        context.close(promise: nil)
    }

    func end() {
        if case .closed = phase { return }
        phase = .closed
        if deadline != nil { counters.closed() }
        deadline?.cancel()
        stall?.cancel()
        stopNotices()
        inFlight = [:]
    }
}
