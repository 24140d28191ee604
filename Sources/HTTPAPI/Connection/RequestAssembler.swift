// SPDX-License-Identifier: Apache-2.0
import APIModel
package import NIOCore
package import NIOHTTP1

/// One request, whole.
package struct IncomingRequest: Sendable {
    package let head: HTTPRequestHead
    package let body: ByteBuffer
    /// The connection may not go on where it is, and could not leave: it ends with the answer.
    package let isLast: Bool
}

/// Puts the parts of a request together and refuses what is too large before it is held.
///
/// Behind NIO's pipelining handler, so there is one request at a time. On the near loop it sends a
/// connection away with the first request that may not stay. Confined to the channel's event loop.
package final class RequestAssembler: ChannelDuplexHandler {
    package typealias InboundIn = HTTPServerRequestPart
    package typealias InboundOut = IncomingRequest
    package typealias OutboundIn = HTTPServerResponsePart
    package typealias OutboundOut = HTTPServerResponsePart

    private let limits: HTTPLimits
    private let watch: ConnectionGuard
    private let uploads: BackupUploads
    /// `nil`: the connection stays.
    private let departure: ConnectionDeparture?
    private let mayStay: (HTTPRequestHead) -> Bool
    private var head: HTTPRequestHead?
    private var body = ByteBuffer()
    /// Bytes that this request's body may have.
    private var bodyLimit = 0
    /// Whether this request has the place of the one long body.
    private var isUpload = false
    private var isLast = false

    init(
        limits: HTTPLimits,
        uploads: BackupUploads,
        departure: ConnectionDeparture?,
        mayStay: @escaping (HTTPRequestHead) -> Bool,
        reportingTo watch: ConnectionGuard
    ) {
        self.limits = limits
        self.uploads = uploads
        self.departure = departure
        self.mayStay = mayStay
        self.watch = watch
    }

    package func channelInactive(context: ChannelHandlerContext) {
        endUpload()
        context.fireChannelInactive()
    }

    package func handlerRemoved(context: ChannelHandlerContext) { endUpload() }

    package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head): begin(head, context)
        case .body(var part): append(&part)
        case .end: finish(context)
        }
    }

    package func write(
        context: ChannelHandlerContext,
        data: NIOAny,
        promise: EventLoopPromise<Void>?
    ) {
        // Before it is passed on: a pipelined request may follow within this very call.
        if case .end = unwrapOutboundIn(data) {
            watch.answerEnded()
            departure?.answerEnded()
        }
        context.write(data, promise: promise)
    }

    package func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let error = error as? HTTPParserError else {
            context.fireErrorCaught(error)
            return
        }
        guard !isLeaving else { return }  // Cut in the middle of a request, as it must be.
        watch.refuse(
            error == .headerOverflow
                ? Self.headTooLarge : Problem(.badValue, "this is not HTTP/1.1: \(error)")
        )
    }

    // MARK: - Parts

    private var isLeaving: Bool { departure?.isLeaving ?? false }

    /// Whether the request is answered elsewhere.
    private func leaves(with head: HTTPRequestHead) -> Bool {
        guard let departure else { return false }
        isLast = !mayStay(head)
        if isLast, departure.leave(with: head) { return true }
        departure.stay()
        return false
    }

    private func begin(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
        guard !isLeaving else { return }
        watch.headArrived()
        let byteCount = head.headers.reduce(head.uri.utf8.count) { total, header in
            total + header.name.utf8.count + header.value.utf8.count + 4
        }
        guard byteCount <= limits.headBytes else { return watch.refuse(Self.headTooLarge) }
        guard !leaves(with: head) else { return }
        let uploadLimit = uploads.begin(head)
        isUpload = uploadLimit != nil
        bodyLimit = uploadLimit ?? limits.bodyBytes
        if let announced = head.headers.first(name: "Content-Length").flatMap({ decimal($0) }),
            announced > UInt64(bodyLimit)
        {
            endUpload()
            return watch.refuse(bodyTooLarge)
        }

        self.head = head
        body = ByteBuffer()
        if head.headers[canonicalForm: "Expect"].contains(where: {
            $0.lowercased() == "100-continue"
        }) {
            let interim = HTTPResponseHead(version: head.version, status: .continue)
            context.writeAndFlush(wrapOutboundOut(.head(interim)), promise: nil)
        }
    }

    private func append(_ part: inout ByteBuffer) {
        guard head != nil else { return }
        guard body.readableBytes + part.readableBytes <= bodyLimit else {
            head = nil
            endUpload()
            return watch.refuse(bodyTooLarge)
        }
        body.writeBuffer(&part)
    }

    private func finish(_ context: ChannelHandlerContext) {
        guard let head else { return }
        self.head = nil
        endUpload()
        watch.requestArrived()
        let request = IncomingRequest(head: head, body: body, isLast: isLast)
        context.fireChannelRead(wrapInboundOut(request))
    }

    private func endUpload() {
        guard isUpload else { return }
        isUpload = false
        uploads.end()
    }

    private static var headTooLarge: Problem {
        Problem(
            .tooLarge,
            "request line and headers are too large",
            status: .requestHeaderFieldsTooLarge
        )
    }

    private var bodyTooLarge: Problem {
        Problem(.tooLarge, "the body may have \(bodyLimit) bytes")
    }
}
