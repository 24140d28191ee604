// SPDX-License-Identifier: Apache-2.0
import APIModel
import NIOCore
import NIOHTTP1

/// Builds the pipeline of an accepted connection.
///
///     socket ◄► ConnectionGuard ◄► HTTP/1 codec ◄► pipelining ◄► RequestAssembler ◄► ConnectionLoop
///
/// On the near loop with a ``ConnectionDeparture`` behind the guard.
struct ConnectionSetup: Sendable {
    let limits: HTTPLimits
    let loops: ConnectionLoops
    let registry: ConnectionRegistry
    let responder: Responder
    let uploads: BackupUploads

    /// Builds it for an accepted connection; `nil`: there is no room, it is answered so and closes by
    /// itself.
    func configure(_ channel: any Channel) throws -> ServedConnection? {
        switch loops.begin(channel) {
        case .elsewhere: return try serve(channel, departure: nil)
        case .near: return try serve(channel, departure: departure(.staying))
        case .noRoomNear:
            let departure = departure(.leaving)
            try channel.pipeline.syncOperations.addHandler(departure)
            return ServedConnection(channel: channel, requests: nil, departed: departure.luggage)
        }
    }

    private func departure(_ beginning: ConnectionDeparture.Beginning) -> ConnectionDeparture {
        ConnectionDeparture(beginning, limit: limits.headBytes + limits.bodyBytes)
    }

    /// Builds it for a connection that has come from the near loop, where `bytes` of it were read.
    func configure(_ channel: any Channel, beginning bytes: ByteBuffer) throws -> ServedConnection?
    {
        try channel.pipeline.syncOperations.addHandler(ConnectionArrival(bytes: bytes))
        return try serve(channel, departure: nil)
    }

    private func serve(
        _ channel: any Channel,
        departure: ConnectionDeparture?
    ) throws -> ServedConnection? {
        let pipeline = channel.pipeline.syncOperations
        let watch = ConnectionGuard(limits: limits, didRefuse: responder.recordRefusal)
        try pipeline.addHandler(watch)
        guard registry.admit(channel) else {
            try pipeline.addHandler(FullHouse(watch: watch))
            return nil
        }
        if let departure { try pipeline.addHandler(departure) }
        try addCodec(to: pipeline)
        try pipeline.addHandler(
            RequestAssembler(
                limits: limits,
                uploads: uploads,
                departure: departure,
                mayStay: responder.isNear,
                reportingTo: watch
            )
        )
        return ServedConnection(
            channel: channel,
            requests: try ConnectionLoop.Connection(
                wrappingChannelSynchronously: channel,
                configuration: .init(isOutboundHalfClosureEnabled: true)
            ),
            departed: departure?.luggage
        )
    }

    private func addCodec(to pipeline: ChannelPipeline.SynchronousOperations) throws {
        var framing = HTTPResponseEncoder.Configuration()
        framing.automaticallySetFramingHeaders = false  // HEAD: see `Framing`
        var decoding = NIOHTTPDecoderLimitConfiguration()
        decoding.maxHeaderFieldSize = limits.headBytes
        decoding.maxHeaderListSize = limits.headBytes
        try pipeline.configureHTTPServerPipeline(
            withPipeliningAssistance: true,
            withErrorHandling: false,
            withOutboundHeaderValidation: true,
            withEncoderConfiguration: framing,
            withDecoderLimitConfiguration: decoding
        )
    }
}

/// A connection that is being served, and where it goes on when it leaves its loop.
struct ServedConnection: Sendable {
    let channel: any Channel
    /// `nil`: none is answered here.
    let requests: ConnectionLoop.Connection?
    /// `nil`: it stays.
    let departed: DepartedConnection?
}

/// Turns away a connection beyond the limit.
private final class FullHouse: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let watch: ConnectionGuard

    init(watch: ConnectionGuard) { self.watch = watch }

    func channelActive(context: ChannelHandlerContext) {
        watch.refuse(
            Problem(
                .overloaded,
                "this worker has as many connections as it may",
                headers: ["Retry-After": "1"]
            )
        )
    }
}
