// SPDX-License-Identifier: Apache-2.0
import Codecs
import NIOCore

/// What both ends of a connection do alike: the handshake's deadline, hearing, writing frames.
///
/// A part of a channel handler, used on its event loop only.
struct PeerConnectionBasics {
    let limits: PeerLimits
    private(set) var context: ChannelHandlerContext?
    private(set) var lastHeard: NIODeadline = .uninitializedDeadline
    /// Ticks since something was heard.
    private var silentTicks = 0
    private var deadline: Scheduled<Void>?
    private var watch: RepeatedTask?

    init(limits: PeerLimits) { self.limits = limits }

    /// The handler has joined a connected channel: `onDeadline` runs unless ``handshaken()`` comes
    /// first, `onTick` at every ping interval until ``ended()``.
    mutating func began(
        _ context: ChannelHandlerContext,
        onDeadline: @escaping () -> Void,
        onTick: @escaping () -> Void
    ) {
        self.context = context
        let loop = context.eventLoop
        lastHeard = loop.now
        let interval = TimeAmount(limits.pingInterval)
        deadline = loop.assumeIsolated()
            .scheduleTask(in: TimeAmount(limits.handshakeTimeout), onDeadline)
        let tick = NIOLoopBound(onTick, eventLoop: loop)
        watch = loop.scheduleRepeatedTask(initialDelay: interval, delay: interval) { _ in
            tick.value()
        }
    }

    mutating func heard() {
        lastHeard = context?.eventLoop.now ?? lastHeard
        silentTicks = 0
    }

    mutating func handshaken() {
        deadline?.cancel()
        deadline = nil
    }

    mutating func ended() {
        handshaken()
        watch?.cancel()
        watch = nil
        context = nil
    }

    /// Counts one tick; says whether nothing has come for too long.
    ///
    /// Counted in ticks of this loop, not read from a clock: when this process was stopped, what the
    /// other end sent meanwhile waits in the socket, and the first tick must not end the connection.
    mutating func tick() -> Bool {
        silentTicks += 1
        return limits.pingInterval * silentTicks > limits.silenceTimeout
    }

    /// Writes a frame; dropped if the connection has ended.
    func write(_ frame: PeerFrame, flush: Bool = true, promise: EventLoopPromise<Void>? = nil) {
        guard let context else {
            promise?.fail(ChannelError.alreadyClosed)
            return
        }
        let bytes = context.channel.allocator.buffer(bytes: frame.encoded())
        context.write(NIOAny(bytes), promise: promise)
        if flush { context.flush() }
    }

    /// Sends a last frame and closes behind it.
    func close(after frame: PeerFrame) {
        guard let context else { return }
        let promise = context.eventLoop.makePromise(of: Void.self)
        let channel = context.channel
        promise.futureResult.whenComplete { _ in channel.close(promise: nil) }
        write(frame, promise: promise)
    }
}

extension NIODeadline {
    fileprivate static var uninitializedDeadline: NIODeadline { .uptimeNanoseconds(0) }
}
