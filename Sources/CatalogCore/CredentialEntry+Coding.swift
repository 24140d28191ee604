// SPDX-License-Identifier: Apache-2.0

import Primitives

// Byte forms, format 1: fields in the order of their declarations.

extension CredentialEntry {
    func write(to writer: inout ByteWriter) {
        writer.write(name)
        writer.write(keyID.rawValue)
        writer.write(list: fields) { $0.write($1) }
        writer.write(createRevision.rawValue)
        writer.write(modRevision.rawValue)
    }

    init(from reader: inout ByteReader) throws(ByteDecodingError) {
        self.init(
            name: try reader.text(),
            keyID: CredentialKeyID(try reader.integer()),
            fields: try reader.list(CredentialEntry.field),
            createRevision: Revision(try reader.counter("revision")),
            modRevision: Revision(try reader.counter("revision"))
        )
    }

    fileprivate static func field(
        from reader: inout ByteReader
    ) throws(ByteDecodingError) -> String {
        try reader.text()
    }
}

extension SealedCredential {
    func write(to writer: inout ByteWriter) {
        writer.write(keyID.rawValue)
        writer.write(list: fields) { $0.write($1) }
        writer.write(bytes)
    }

    init(from reader: inout ByteReader) throws(ByteDecodingError) {
        self.init(
            keyID: CredentialKeyID(try reader.integer()),
            fields: try reader.list(CredentialEntry.field),
            bytes: try reader.run(upTo: CatalogLimits.credentialByteCount)
        )
    }
}

extension StoredCredential {
    func write(to writer: inout ByteWriter) {
        entry.write(to: &writer)
        writer.write(bytes)
    }

    init(from reader: inout ByteReader) throws(ByteDecodingError) {
        entry = try CredentialEntry(from: &reader)
        bytes = try reader.run(upTo: CatalogLimits.credentialByteCount)
    }
}
