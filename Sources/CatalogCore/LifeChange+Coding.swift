// SPDX-License-Identifier: Apache-2.0

import Primitives

// Byte forms of what happens to workers and rings, format 1; see CatalogModel+Coding.swift.

extension WorkerChange {
    func write(to writer: inout ByteWriter) {
        switch self {
        case .fence(let node): Self.write(1, node, to: &writer)
        case .resume(let node): Self.write(2, node, to: &writer)
        case .drain(let drain):
            Self.write(3, drain.node, to: &writer)
            writer.write(drain.bytesPerSecond)
            writer.write(list: drain.heirs) { $0.write($1.rawValue) }
            writer.write(drain.isForced)
        case .undrain(let node): Self.write(4, node, to: &writer)
        case .drained(let node, let keepsVote):
            Self.write(5, node, to: &writer)
            writer.write(keepsVote)
        case .remove(let node, let isLost):
            Self.write(6, node, to: &writer)
            writer.write(isLost)
        }
    }

    private static func write(_ tag: UInt8, _ node: NodeID, to writer: inout ByteWriter) {
        writer.write(tag)
        writer.write(node.rawValue)
    }

    init(from reader: inout ByteReader) throws(ByteDecodingError) {
        let tag = try reader.integer(UInt8.self)
        let node = try reader.node()
        switch tag {
        case 1: self = .fence(node)
        case 2: self = .resume(node)
        case 3:
            self = .drain(
                WorkerDrain(
                    node,
                    bytesPerSecond: try reader.counter("rate"),
                    heirs: try reader.nodes(),
                    isForced: try reader.flag()
                )
            )
        case 4: self = .undrain(node)
        case 5: self = .drained(node, keepsVote: try reader.flag())
        case 6: self = .remove(node, isLost: try reader.flag())
        default: throw .invalid(what: "change of a worker", value: UInt64(tag))
        }
    }
}

extension RingChange {
    func write(to writer: inout ByteWriter) {
        switch self {
        case .publish: writer.write(UInt8(1))
        case .settle: writer.write(UInt8(2))
        case .hold: writer.write(UInt8(3))
        case .force: writer.write(UInt8(4))
        }
        writer.write(region)
        switch self {
        case .publish, .force: break
        case .settle(_, let epoch): writer.write(epoch.rawValue)
        case .hold(_, let nodes): writer.write(list: nodes) { $0.write($1.rawValue) }
        }
    }

    init(from reader: inout ByteReader) throws(ByteDecodingError) {
        let tag = try reader.integer(UInt8.self)
        let region = try reader.text()
        switch tag {
        case 1: self = .publish(region: region)
        case 2: self = .settle(region: region, RingEpoch(try reader.counter("epoch")))
        case 3: self = .hold(region: region, try reader.nodes())
        case 4: self = .force(region: region)
        default: throw .invalid(what: "change of a ring", value: UInt64(tag))
        }
    }
}

extension HandoffChange {
    func write(to writer: inout ByteWriter) {
        switch self {
        case .report(let report):
            writer.write(UInt8(1))
            report.write(to: &writer)
        case .settings(let change):
            writer.write(UInt8(2))
            change.write(to: &writer)
        }
    }

    init(from reader: inout ByteReader) throws(ByteDecodingError) {
        switch try reader.integer(UInt8.self) {
        case 1: self = .report(try HandoffReport(from: &reader))
        case 2: self = .settings(try HandoffSettings.Change(from: &reader))
        case let tag: throw .invalid(what: "change of the handoff", value: UInt64(tag))
        }
    }
}

extension ByteReader {
    fileprivate mutating func node() throws(ByteDecodingError) -> NodeID {
        NodeID(try counter("node id"))
    }

    fileprivate mutating func nodes() throws(ByteDecodingError) -> [NodeID] {
        try list { (reader) throws(ByteDecodingError) in try reader.node() }
    }
}
