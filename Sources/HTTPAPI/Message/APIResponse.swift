// SPDX-License-Identifier: Apache-2.0
package import NIOCore
package import NIOHTTP1

/// What a route answers, before it is framed for the wire.
package struct APIResponse: Sendable {
    /// Writes the parts of a body; each call returns when the connection takes more.
    package typealias BodyWriter = @Sendable (ByteBuffer) async throws -> Void

    package enum Body: Sendable {
        /// Whole and short.
        case bytes(ByteBuffer)
        /// Made while it is sent.
        ///
        /// With a `length`, exactly that many bytes must be written; whoever throws instead closes
        /// the connection, so that a broken body never looks whole.
        case stream(length: UInt64?, @Sendable (@escaping BodyWriter) async throws -> Void)
    }

    package var status: HTTPResponseStatus
    package var headers: HTTPHeaders
    package var body: Body
    /// What it takes to make a body that is a stream.
    var work = Operation.Work.long

    package init(
        status: HTTPResponseStatus,
        headers: HTTPHeaders = HTTPHeaders(),
        body: Body = .bytes(ByteBuffer())
    ) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// Short text of a given type.
    package static func text(
        _ text: String,
        type: String,
        status: HTTPResponseStatus = .ok
    ) -> Self {
        Self(
            status: status,
            headers: ["Content-Type": type],
            body: .bytes(ByteBuffer(string: text))
        )
    }

    package func with(_ name: String, _ value: String) -> Self {
        var copy = self
        copy.headers.replaceOrAdd(name: name, value: value)
        return copy
    }
}
