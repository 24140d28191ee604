// SPDX-License-Identifier: Apache-2.0
import APIModel
package import CatalogCore
import NIOCore
import NIOHTTP1
package import Primitives

/// The conditions of a write to the mount table.
///
/// - Source: RFC 9110 §13.1.
package enum MountConditions {
    /// What must be true of the entry.
    ///
    /// - Throws: `bad-value` for a condition that could never be meant: two at once, a list, a weak
    ///   or unreadable tag.
    package static func precondition(of request: APIRequest) throws(Problem) -> Precondition {
        let match = try request.header("If-Match")
        let noneMatch = try request.header("If-None-Match")
        switch (match, noneMatch) {
        case (nil, nil):
            return request.method == .DELETE ? .any : .absent(plain: true)
        case (.some, .some):
            throw Problem(.badValue, "If-Match and If-None-Match exclude each other here")
        case (nil, .some(let text)):
            guard text == "*", request.method == .PUT else {
                throw Problem(.badValue, "If-None-Match: only '*' on PUT is allowed here")
            }
            return .absent(plain: false)
        case (.some("*"), nil):
            return .any
        case (.some(let text), nil):
            guard let revision = decimal(unquoted(text)) else {
                throw Problem(
                    .badValue,
                    "If-Match: '\(text.prefix(40))' is neither a revision nor '*'"
                )
            }
            return revision == 0 ? .absent(plain: false) : .revision(Revision(revision))
        }
    }

    /// The client's name for the write, and a fingerprint of all that decides what it does.
    ///
    /// - Throws: `bad-value` unless the key is 1...64 printable ASCII characters.
    package static func idempotency(
        of request: APIRequest,
        path: ByteString
    ) throws(Problem) -> Idempotency? {
        guard let key = try idempotencyKey(of: request) else { return nil }
        let bytes = try deciding(request, path: path)
        return Idempotency(key: key, fingerprint: XXH64.hash(bytes))
    }

    /// The client's name for the write.
    static func idempotencyKey(of request: APIRequest) throws(Problem) -> String? {
        guard let key = try request.header("Idempotency-Key") else { return nil }
        guard (1...64).contains(key.utf8.count),
            key.utf8.allSatisfy({ (0x20...0x7E).contains($0) })
        else {
            throw Problem(.badValue, "Idempotency-Key: 1 to 64 printable ASCII characters")
        }
        return key
    }

    /// All that decides what a write does, the body among it.
    static func deciding(_ request: APIRequest, path: ByteString) throws(Problem) -> [UInt8] {
        var writer = ByteWriter(reservingCapacity: request.body.readableBytes + 256)
        writer.write(request.method.rawValue)
        writer.write(path)
        for name in ["If-Match", "If-None-Match"] {
            let value = try request.header(name)
            writer.write(UInt8(value == nil ? 0 : 1))
            writer.write(value ?? "")
        }
        writer.write(raw: Array(request.body.readableBytesView))
        return writer.bytes
    }

    private static func unquoted(_ text: String) -> Substring {
        guard text.utf8.count >= 2, text.hasPrefix("\""), text.hasSuffix("\"") else {
            return text[...]
        }
        return text.dropFirst().dropLast()
    }
}
