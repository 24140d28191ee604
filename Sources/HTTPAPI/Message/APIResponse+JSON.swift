// SPDX-License-Identifier: Apache-2.0
import Foundation
package import NIOHTTP1
import NIOCore

extension APIResponse {
    /// A JSON document with sorted members, so that equal answers are equal bytes.
    package static func json(
        _ document: some Encodable,
        status: HTTPResponseStatus = .ok
    ) -> Self {
        guard let bytes = try? JSONText.encode(document) else {
            // Every document is made of strings, integers and finite shares: this cannot happen.
            return Self(status: .internalServerError)
        }
        return Self(
            status: status,
            headers: ["Content-Type": "application/json"],
            body: .bytes(bytes)
        )
    }
}

/// Encodes documents; one place that fixes how JSON looks.
enum JSONText {
    static func encode(_ document: some Encodable) throws -> ByteBuffer {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return ByteBuffer(bytes: try encoder.encode(document))
    }
}
