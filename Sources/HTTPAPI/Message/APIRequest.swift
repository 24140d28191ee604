// SPDX-License-Identifier: Apache-2.0
import APIModel
package import NIOCore
package import NIOHTTP1

/// One whole request: head and body, as the connection handed it over.
package struct APIRequest: Sendable {
    /// Taken over from `Tarn-Request-Id`, or made.
    package let id: String
    package let method: HTTPMethod
    /// The target exactly as the parser gave it.
    package let rawTarget: String
    package let version: HTTPVersion
    package let headers: HTTPHeaders
    /// At most ``HTTPLimits/bodyBytes``.
    package let body: ByteBuffer

    package init(head: HTTPRequestHead, body: ByteBuffer, makeID: () -> String) {
        id = Self.acceptableID(head.headers["Tarn-Request-Id"]) ?? makeID()
        method = head.method
        rawTarget = head.uri
        version = head.version
        headers = head.headers
        self.body = body
    }

    /// The single value of a header that may come once.
    ///
    /// - Throws: `bad-value` where it comes twice.
    package func header(_ name: String) throws(Problem) -> String? {
        let values = headers[name]
        guard values.count <= 1 else { throw Problem(.badValue, "\(name): given twice") }
        return values.first
    }

    /// An id somebody else chose is kept only if it can stand in a log line as it is.
    private static func acceptableID(_ values: [String]) -> String? {
        guard values.count == 1, (1...128).contains(values[0].utf8.count),
            values[0].utf8.allSatisfy({ (0x20...0x7E).contains($0) })
        else { return nil }
        return values[0]
    }
}
