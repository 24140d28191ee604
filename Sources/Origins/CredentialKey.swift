// SPDX-License-Identifier: Apache-2.0
import Crypto
package import Primitives

/// A key of the cluster that closes and opens credentials: 256 random bits.
///
/// Printing, interpolating, dumping or reflecting it shows ``id`` and nothing else.
package struct CredentialKey: Hashable, Sendable {
    /// Bytes of a key.
    package static let byteCount = 32

    /// Stands with everything that the key has closed, so that whoever lacks it can say which.
    package let id: CredentialKeyID
    /// For ``CredentialSeal`` alone.
    let sealing: SymmetricKey
    /// Apart from the other, so that what one of them gives away says nothing of the other.
    private let marking: SymmetricKey

    /// - Returns: `nil` unless there are exactly ``byteCount`` bytes.
    package init?(_ bytes: [UInt8]) {
        guard bytes.count == Self.byteCount else { return nil }
        let key = SymmetricKey(data: bytes)
        sealing = Self.derived(from: key, for: "seal")
        marking = Self.derived(from: key, for: "fingerprint")
        var name: UInt64 = 0
        for byte in Self.derivedBytes(from: key, for: "id").prefix(8) {
            name = name << 8 | UInt64(byte)
        }
        id = CredentialKeyID(name)
    }

    /// Reads a key as text: 64 hex digits, or base64 of 32 bytes, as `openssl rand -base64 32` writes it.
    ///
    /// - Returns: `nil` for anything else.
    package init?(text: String) {
        guard let bytes = Self.bytes(hex: text) ?? Self.bytes(base64: text) else { return nil }
        self.init(bytes)
    }

    /// A number that tells two requests apart, and nothing to those without the key.
    ///
    /// The hash of a password can be tried out; this one cannot.
    package func fingerprint(of bytes: [UInt8]) -> UInt64 {
        var code = HMAC<SHA256>(key: marking)
        code.update(data: bytes)
        var number: UInt64 = 0
        for byte in Array(code.finalize()).prefix(8) { number = number << 8 | UInt64(byte) }
        return number
    }

    package static func == (lhs: Self, rhs: Self) -> Bool { lhs.sealing == rhs.sealing }

    package func hash(into hasher: inout Hasher) { hasher.combine(id) }

    // MARK: - Private

    private static func derived(from key: SymmetricKey, for purpose: String) -> SymmetricKey {
        SymmetricKey(data: derivedBytes(from: key, for: purpose))
    }

    /// - Source: RFC 5869 §2.3: one block of HKDF-Expand, for the key is uniformly random already.
    private static func derivedBytes(from key: SymmetricKey, for purpose: String) -> [UInt8] {
        var code = HMAC<SHA256>(key: key)
        code.update(data: Array("tarn credential 1 \(purpose)".utf8))
        code.update(data: [1])
        return Array(code.finalize())
    }

    private static func bytes(hex text: String) -> [UInt8]? {
        let digits = text.utf8.compactMap(hexDigit)
        guard digits.count == text.utf8.count, digits.count == 2 * byteCount else { return nil }
        return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
    }

    /// 43 digits and one `=`; digits behind the last byte must be zero, so that a key has one text.
    private static func bytes(base64 text: String) -> [UInt8]? {
        guard text.utf8.count == 44, text.hasSuffix("=") else { return nil }
        var bytes: [UInt8] = []
        var pending: UInt32 = 0
        var bits = 0
        for character in text.utf8.dropLast() {
            guard let digit = alphabet.firstIndex(of: character) else { return nil }
            pending = pending << 6 | UInt32(digit)
            bits += 6
            if bits >= 8 {
                bits -= 8
                bytes.append(UInt8(truncatingIfNeeded: pending >> UInt32(bits)))
                pending &= 1 << UInt32(bits) - 1
            }
        }
        return pending == 0 ? bytes : nil
    }

    private static let alphabet = Array(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8
    )
}

extension CredentialKey: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { "key \(id)" }

    package var debugDescription: String { description }

    package var customMirror: Mirror { Mirror(self, children: []) }
}
