// SPDX-License-Identifier: Apache-2.0
package import Primitives

/// A voter with a rotten log asks another whether it can be spared.
package struct SparingRequest: Sendable, Hashable {
    /// Up to where the asker had applied what was committed: who can spare it knows as much.
    package let applied: LogIndex

    package init(applied: LogIndex) { self.applied = applied }

    package func encode() -> [UInt8] {
        var writer = ByteWriter()
        writer.write(UInt8(1))
        writer.write(applied.rawValue)
        return writer.bytes
    }

    package init(decoding bytes: [UInt8]) throws(ByteDecodingError) {
        var reader = ByteReader(bytes)
        try reader.version(of: "sparing request", newest: 1)
        applied = LogIndex(try reader.integer())
        try reader.finish()
    }
}

/// It can: who votes, as the one that was asked knows it.
package struct SparingReply: Sendable, Hashable {
    package let voters: [NodeID]

    package init(voters: [NodeID]) { self.voters = voters }

    package func encode() -> [UInt8] {
        var writer = ByteWriter()
        writer.write(UInt8(1))
        writer.write(list: voters) { $0.write($1.rawValue) }
        return writer.bytes
    }

    package init(decoding bytes: [UInt8]) throws(ByteDecodingError) {
        var reader = ByteReader(bytes)
        try reader.version(of: "sparing reply", newest: 1)
        voters = try reader.list { reader throws(ByteDecodingError) in
            NodeID(try reader.integer())
        }
        try reader.finish()
    }
}
