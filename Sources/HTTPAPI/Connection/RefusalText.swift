// SPDX-License-Identifier: Apache-2.0
import APIModel
import NIOCore
import NIOHTTP1

/// A whole error answer as bytes, for connections that no longer speak HTTP.
enum RefusalText {
    static func render(
        _ problem: Problem,
        requestID: String,
        allocator: ByteBufferAllocator
    ) -> ByteBuffer {
        let answer = problem.response(to: requestID)
        guard case .bytes(let body) = answer.body else { return ByteBuffer() }

        var headers = answer.headers
        headers.replaceOrAdd(name: "Content-Length", value: String(body.readableBytes))
        headers.replaceOrAdd(name: "Connection", value: "close")
        headers.replaceOrAdd(name: "Date", value: HTTPDate.now.text)
        headers.replaceOrAdd(name: "Tarn-Request-Id", value: requestID)
        var text = allocator.buffer(capacity: 512)
        text.writeString("HTTP/1.1 \(answer.status.code) \(answer.status.reasonPhrase)\r\n")
        for header in headers { text.writeString("\(header.name): \(header.value)\r\n") }
        text.writeString("\r\n")
        text.writeImmutableBuffer(body)
        return text
    }
}
