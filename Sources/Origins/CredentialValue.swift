// SPDX-License-Identifier: Apache-2.0
package import Primitives

/// The fields of a credential as they are closed; format 1, golden bytes in the tests.
///
/// ```
///   format (1) │ count (u32) │ name, value (u32 length and UTF-8 each) …
/// ```
///
/// Names are those of the file and of the API: `accessKeyId`, `secretAccessKey`, `sessionToken`. The
/// sum of the values' lengths would show, so the whole is filled up with zeros to a multiple of 256.
package struct CredentialValue: Sendable {
    package static let formatVersion: UInt8 = 1
    private static let step = 256

    /// In bytewise order of the names.
    package let fields: [(name: String, value: String)]

    package init(_ fields: [(name: String, value: String)]) {
        self.fields = fields.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
    }

    package func encode() -> [UInt8] {
        var writer = ByteWriter()
        writer.write(Self.formatVersion)
        writer.write(list: fields) { writer, field in
            writer.write(field.name)
            writer.write(field.value)
        }
        let rest = writer.bytes.count % Self.step
        return writer.bytes + [UInt8](repeating: 0, count: rest == 0 ? 0 : Self.step - rest)
    }

    /// - Throws: ``ByteDecodingError``, `.unsupportedVersion` for a newer format.
    package init(decoding bytes: [UInt8]) throws(ByteDecodingError) {
        var reader = ByteReader(bytes)
        let format = try reader.integer(UInt8.self)
        guard format >= 1 else { throw .invalid(what: "credential format", value: UInt64(format)) }
        guard format <= Self.formatVersion else {
            throw .unsupportedVersion(
                of: "credential",
                found: UInt64(format),
                newest: UInt64(Self.formatVersion)
            )
        }
        fields = try reader.list { (reader) throws(ByteDecodingError) in
            (name: try reader.text(), value: try reader.text())
        }
    }
}

extension CredentialValue: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable
{
    package var description: String { "***" }

    package var debugDescription: String { "***" }

    package var customMirror: Mirror { Mirror(self, children: []) }
}
