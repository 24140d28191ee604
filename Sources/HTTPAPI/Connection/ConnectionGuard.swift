// SPDX-License-Identifier: Apache-2.0
import APIModel
package import NIOCore
import NIOHTTP1

/// Watches over one connection: ends what takes too long and refuses what is not HTTP.
///
///     waiting ──bytes──► head ──whole head──► body ──whole body──► answering
///        ▲                │ too late            │ too late             │
///        │                ▼                     ▼                      │
///        │              refused: answer, half close, drop input, close │
///        └──────────────────────── end of the answer ◄─────────────────┘
///
/// First in the pipeline, so a refusal needs none of the handlers behind it. Confined to the
/// channel's event loop, like ``RequestAssembler``, which reports to it.
///
/// Invariant: while the present phase has a deadline a timer runs, one at most, and comes no later. It
/// may come earlier, for a phase that is over, and then goes on to the deadline there is: a request
/// takes three phases and seldom sets a timer.
package final class ConnectionGuard: ChannelDuplexHandler {
    package typealias InboundIn = ByteBuffer
    package typealias InboundOut = ByteBuffer
    package typealias OutboundIn = ByteBuffer
    package typealias OutboundOut = ByteBuffer

    private enum Phase { case waiting, head, body, answering, refused, lingering }

    private let limits: HTTPLimits
    private let didRefuse: (Problem, _ requestID: String) -> Void
    private var phase = Phase.head
    /// When the present phase has lasted too long.
    private var deadline: NIODeadline?
    private var timer: (task: Scheduled<Void>, due: NIODeadline)?
    private var stall: Scheduled<Void>?
    private var context: ChannelHandlerContext?

    /// Makes the guard of one connection.
    ///
    /// `didRefuse` is told of each refusal, and the id it was given.
    package init(limits: HTTPLimits, didRefuse: @escaping (Problem, String) -> Void) {
        self.limits = limits
        self.didRefuse = didRefuse
    }

    // MARK: - Told by the assembler

    func headArrived() { enter(.body, until: limits.bodyDeadline) }

    func requestArrived() { enter(.answering, until: nil) }

    func answerEnded() { enter(.waiting, until: limits.idleDeadline) }

    /// Answers an error, then closes; only before the answer to the request began.
    func refuse(_ problem: Problem) {
        guard let context, phase != .refused, phase != .lingering else { return }
        let isAnswering = phase == .answering
        enter(.refused, until: nil)
        guard !isAnswering else {
            context.close(promise: nil)
            return
        }
        let requestID = RequestID.make()
        didRefuse(problem, requestID)
        let text = RefusalText.render(
            problem,
            requestID: requestID,
            allocator: context.channel.allocator
        )
        context.writeAndFlush(wrapOutboundOut(text), promise: nil)
        close(context: context, mode: .output, promise: nil)
    }

    // MARK: - Channel events

    package func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        if context.channel.isActive { enter(.head, until: limits.headDeadline) }
    }

    package func handlerRemoved(context: ChannelHandlerContext) {
        timer?.task.cancel()
        stall?.cancel()
        self.context = nil
    }

    package func channelActive(context: ChannelHandlerContext) {
        enter(.head, until: limits.headDeadline)
        context.fireChannelActive()
    }

    package func channelInactive(context: ChannelHandlerContext) {
        timer?.task.cancel()
        stall?.cancel()
        context.fireChannelInactive()
    }

    package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard phase != .refused, phase != .lingering else { return }
        if phase == .waiting { enter(.head, until: limits.headDeadline) }
        context.fireChannelRead(data)
    }

    package func channelWritabilityChanged(context: ChannelHandlerContext) {
        stall?.cancel()
        stall = nil
        if !context.channel.isWritable {
            stall = schedule(after: limits.stallDeadline) { context in
                context.close(promise: nil)
            }
        }
        context.fireChannelWritabilityChanged()
    }

    package func close(
        context: ChannelHandlerContext,
        mode: CloseMode,
        promise: EventLoopPromise<Void>?
    ) {
        guard mode == .output else {
            context.close(mode: mode, promise: promise)
            return
        }
        // Where the client has half-closed already, NIO makes this a full close and drops what is
        // not sent yet: so it waits behind an empty write.
        let sent = context.eventLoop.makePromise(of: Void.self)
        context.writeAndFlush(wrapOutboundOut(ByteBuffer()), promise: sent)
        sent.futureResult.assumeIsolated().whenComplete { [weak self] _ in
            self?.linger(promise)
        }
    }

    // MARK: - Phases

    /// Gives the client time to see the end by itself before the connection is cut.
    private func linger(_ promise: EventLoopPromise<Void>?) {
        guard let context else {
            promise?.succeed()
            return
        }
        context.close(mode: .output, promise: promise)
        phase = .lingering
        setDeadline(after: limits.lingerDeadline)
    }

    private func enter(_ next: Phase, until deadline: TimeAmount?) {
        guard phase != .refused, phase != .lingering else { return }
        phase = next
        setDeadline(after: deadline)
    }

    private func setDeadline(after delay: TimeAmount?) {
        deadline = delay.map { .now() + $0 }
        guard let deadline, let context else { return }
        if let timer, timer.due <= deadline { return }
        timer?.task.cancel()
        let loop = context.eventLoop.assumeIsolated()
        let task = loop.scheduleTask(deadline: deadline) { [weak self] in
            if let self { timerCame() }
        }
        timer = (task, deadline)
    }

    private func timerCame() {
        timer = nil
        guard let context, let deadline else { return }
        let left = deadline - .now()
        if left > .zero { setDeadline(after: left) } else { expire(context) }
    }

    private func expire(_ context: ChannelHandlerContext) {
        switch phase {
        case .head, .body:
            refuse(Problem(.timeout, "the request did not arrive in time", status: .requestTimeout))
        case .waiting, .answering, .refused, .lingering:
            context.close(promise: nil)
        }
    }

    private func schedule(
        after delay: TimeAmount,
        _ action: @escaping (ChannelHandlerContext) -> Void
    ) -> Scheduled<Void>? {
        guard let context else { return nil }
        return context.eventLoop.assumeIsolated().scheduleTask(in: delay) { [weak self] in
            guard let context = self?.context else { return }
            action(context)
        }
    }
}
