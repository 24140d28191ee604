// SPDX-License-Identifier: Apache-2.0

import Primitives

// Byte forms of the entries, format 1: fields in the order of their declarations. Used by commands,
// outcomes, snapshots and the digest, so a change here is a new format version everywhere.

extension Mount {
    func write(to writer: inout ByteWriter) {
        writer.write(origin)
        Self.write(options, to: &writer)
        writer.write(optional: credential) { $0.write($1) }
        writer.write(list: regions) { writer, named in
            writer.write(named.region)
            writer.write(optional: named.override.origin) { $0.write($1) }
            writer.write(optional: named.override.options) { Self.write($1, to: &$0) }
            writer.write(optional: named.override.credential) { $0.write($1) }
        }
        writer.write(write.rawValue)
        writer.write(replicas)
        metadataTTL.write(to: &writer)
        onStale.write(to: &writer)
    }

    init(from reader: inout ByteReader) throws(ByteDecodingError) {
        self.init(
            origin: try reader.text(),
            options: try Self.options(from: &reader),
            credential: try reader.optional(Self.text),
            regions: try reader.list(Self.namedOverride),
            write: try reader.tag("write policy"),
            replicas: try reader.integer(),
            metadataTTL: try MetadataTTL(from: &reader),
            onStale: try StalePolicy(from: &reader)
        )
    }

    private static func write(_ options: [MountOption], to writer: inout ByteWriter) {
        writer.write(list: options) { writer, option in
            writer.write(option.key)
            writer.write(option.value)
        }
    }

    private static func options(
        from reader: inout ByteReader
    ) throws(ByteDecodingError) -> [MountOption] {
        try reader.list(option)
    }

    private static func option(
        from reader: inout ByteReader
    ) throws(ByteDecodingError) -> MountOption {
        MountOption(key: try reader.text(), value: try reader.text())
    }

    private static func namedOverride(
        from reader: inout ByteReader
    ) throws(ByteDecodingError) -> NamedOverride {
        NamedOverride(
            region: try reader.text(),
            override: RegionOverride(
                origin: try reader.optional(text),
                options: try reader.optional(options),
                credential: try reader.optional(text)
            )
        )
    }

    private static func text(from reader: inout ByteReader) throws(ByteDecodingError) -> String {
        try reader.text()
    }
}

extension Mount.MetadataTTL {
    fileprivate func write(to writer: inout ByteWriter) {
        switch self {
        case .immutable: writer.write(false)
        case .expires(let span):
            writer.write(true)
            writer.write(span.milliseconds)
        }
    }

    fileprivate init(from reader: inout ByteReader) throws(ByteDecodingError) {
        self = try reader.flag() ? .expires(try reader.timespan()) : .immutable
    }
}

extension Mount.StalePolicy {
    fileprivate func write(to writer: inout ByteWriter) {
        switch self {
        case .serve: writer.write(false)
        case .fail(let span):
            writer.write(true)
            writer.write(span.milliseconds)
        }
    }

    fileprivate init(from reader: inout ByteReader) throws(ByteDecodingError) {
        self = try reader.flag() ? .fail(after: try reader.timespan()) : .serve
    }
}

extension MountEntry {
    func write(to writer: inout ByteWriter) {
        writer.write(path)
        mount.write(to: &writer)
        writer.write(list: origins) { writer, resolved in
            writer.write(optional: resolved.region) { $0.write($1) }
            writer.write(resolved.origin.rawValue)
        }
        writer.write(createRevision.rawValue)
        writer.write(modRevision.rawValue)
    }

    init(from reader: inout ByteReader) throws(ByteDecodingError) {
        self.init(
            path: try reader.byteString(),
            mount: try Mount(from: &reader),
            origins: try reader.list { (reader) throws(ByteDecodingError) in
                ResolvedOrigin(
                    region: try reader.optional { (reader) throws(ByteDecodingError) in
                        try reader.text()
                    },
                    origin: OriginID(try reader.counter("origin id"))
                )
            },
            createRevision: Revision(try reader.counter("revision")),
            modRevision: Revision(try reader.counter("revision"))
        )
    }
}

extension ByteReader {
    /// Reads one byte that stands for a case.
    mutating func tag<Value: RawRepresentable<UInt8>>(
        _ what: StaticStringBox
    ) throws(ByteDecodingError) -> Value {
        let byte = try integer(UInt8.self)
        guard let value = Value(rawValue: byte) else {
            throw .invalid(what: what, value: UInt64(byte))
        }
        return value
    }

    /// Reads a number that later grows by one at a time; refuses what could ever overflow.
    mutating func counter(_ what: StaticStringBox) throws(ByteDecodingError) -> UInt64 {
        let value = try integer(UInt64.self)
        guard value <= 1 << 62 else { throw .invalid(what: what, value: value) }
        return value
    }

    fileprivate mutating func timespan() throws(ByteDecodingError) -> Timespan {
        Timespan(milliseconds: try counter("time span"))
    }
}
