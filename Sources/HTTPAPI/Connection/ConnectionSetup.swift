// SPDX-License-Identifier: Apache-2.0
import APIModel
import NIOCore
import NIOHTTP1

/// Builds the pipeline of an accepted connection.
///
///     socket ◄► ConnectionGuard ◄► HTTP/1 codec ◄► pipelining ◄► RequestAssembler ◄► ConnectionLoop
struct ConnectionSetup: Sendable {
    let limits: HTTPLimits
    let registry: ConnectionRegistry
    let responder: Responder
    let uploads: BackupUploads

    /// `nil`: there is no room; the connection is answered so and closes by itself.
    func configure(_ channel: any Channel) throws -> ConnectionLoop.Connection? {
        let pipeline = channel.pipeline.syncOperations
        let watch = ConnectionGuard(limits: limits, didRefuse: responder.recordRefusal)
        try pipeline.addHandler(watch)
        guard registry.admit(channel) else {
            try pipeline.addHandler(FullHouse(watch: watch))
            return nil
        }

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
        try pipeline.addHandler(
            RequestAssembler(limits: limits, uploads: uploads, reportingTo: watch)
        )
        return try ConnectionLoop.Connection(
            wrappingChannelSynchronously: channel,
            configuration: .init(isOutboundHalfClosureEnabled: true)
        )
    }
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
