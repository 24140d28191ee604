// SPDX-License-Identifier: Apache-2.0
package import Primitives

/// A leader tells a worker to take part in consensus, or not to any more.
package struct VoteAssignment: Sendable, Hashable {
    /// The leader's term.
    package let term: Term
    /// The configuration it acts on, committed at this index.
    package let configuration: LogIndex

    package init(term: Term, configuration: LogIndex) {
        self.term = term
        self.configuration = configuration
    }

    package func encode() -> [UInt8] {
        var writer = ByteWriter()
        writer.write(UInt8(1))
        writer.write(term.rawValue)
        writer.write(configuration.rawValue)
        return writer.bytes
    }

    package init(decoding bytes: [UInt8]) throws(ByteDecodingError) {
        var reader = ByteReader(bytes)
        try reader.version(of: "vote assignment", newest: 1)
        term = Term(try reader.integer())
        configuration = LogIndex(try reader.integer())
        try reader.finish()
    }
}
