// SPDX-License-Identifier: Apache-2.0
package import CatalogCore
package import Primitives

/// What a leader does next about the votes, for people.
package struct VotingOutlook: Sendable, Hashable {
    package enum Action: UInt8, Sendable {
        /// A vote whose voter is lost or silent goes to another worker.
        case replace = 1
        case shrink = 2
        case grow = 3
        /// A vote goes from one worker to another that should rather have it.
        case exchange = 4
    }

    /// `nil`: the votes are as they should be, as far as they can be.
    package var action: Action?
    /// Names of those who lose their votes.
    package var leaving: [String]
    /// Names of those who get one.
    package var coming: [String]
    /// What for.
    package var reason: String?
    /// Why it is not done yet; `nil`: it is being done.
    package var waitsFor: String?
    /// What the votes as they are do not survive although they should.
    package var weakness: String?
    /// From where the cluster is led, and why; `nil` where that is left to chance.
    package var leadership: String?

    package init(
        action: Action? = nil,
        leaving: [String] = [],
        coming: [String] = [],
        reason: String? = nil,
        waitsFor: String? = nil,
        weakness: String? = nil,
        leadership: String? = nil
    ) {
        self.action = action
        self.leaving = leaving
        self.coming = coming
        self.reason = reason
        self.waitsFor = waitsFor
        self.weakness = weakness
        self.leadership = leadership
    }

    package func encode() -> [UInt8] {
        var writer = ByteWriter()
        writer.write(UInt8(1))
        writer.write(action?.rawValue ?? 0)
        writer.write(list: leaving) { $0.write($1) }
        writer.write(list: coming) { $0.write($1) }
        for text in [reason, waitsFor, weakness, leadership] {
            writer.write(optional: text) { $0.write($1) }
        }
        return writer.bytes
    }

    package init(decoding bytes: [UInt8]) throws(ByteDecodingError) {
        var reader = ByteReader(bytes)
        try reader.version(of: "outlook on the votes", newest: 1)
        let byte = try reader.integer(UInt8.self)
        action = Action(rawValue: byte)
        guard byte == 0 || action != nil else {
            throw .invalid(what: "outlook on the votes", value: UInt64(byte))
        }
        leaving = try reader.list { reader throws(ByteDecodingError) in try reader.text() }
        coming = try reader.list { reader throws(ByteDecodingError) in try reader.text() }
        reason = try reader.optional { reader throws(ByteDecodingError) in try reader.text() }
        waitsFor = try reader.optional { reader throws(ByteDecodingError) in try reader.text() }
        weakness = try reader.optional { reader throws(ByteDecodingError) in try reader.text() }
        leadership = try reader.optional { reader throws(ByteDecodingError) in try reader.text() }
        try reader.finish()
    }
}

/// What would become of the votes if a wish were granted: a sentence for people.
package enum VotingVerdict: Sendable, Hashable {
    case safe(String)
    /// It would harm, or cannot be done: what is in the way.
    case unsafe(String)

    package func encode() -> [UInt8] {
        var writer = ByteWriter()
        writer.write(UInt8(1))
        switch self {
        case .safe(let effect):
            writer.write(UInt8(1))
            writer.write(effect)
        case .unsafe(let reason):
            writer.write(UInt8(2))
            writer.write(reason)
        }
        return writer.bytes
    }

    package init(decoding bytes: [UInt8]) throws(ByteDecodingError) {
        var reader = ByteReader(bytes)
        try reader.version(of: "verdict on a vote", newest: 1)
        let tag = try reader.integer(UInt8.self)
        let text = try reader.text()
        switch tag {
        case 1: self = .safe(text)
        case 2: self = .unsafe(text)
        default: throw .invalid(what: "verdict on a vote", value: UInt64(tag))
        }
        try reader.finish()
    }
}

/// Asks a leader what it does about the votes, or what it would do if a wish were granted.
package struct VotingQuestion: Sendable, Hashable {
    /// `nil`: for a ``VotingOutlook``; else for a ``VotingVerdict``.
    package let wish: VoteWish?

    package init(wish: VoteWish? = nil) { self.wish = wish }

    package func encode() -> [UInt8] {
        var writer = ByteWriter()
        writer.write(UInt8(1))
        writer.write(optional: wish) { writer, wish in
            writer.write(wish.kind.rawValue)
            writer.write(wish.node.rawValue)
        }
        return writer.bytes
    }

    package init(decoding bytes: [UInt8]) throws(ByteDecodingError) {
        var reader = ByteReader(bytes)
        try reader.version(of: "question about the votes", newest: 1)
        wish = try reader.optional { reader throws(ByteDecodingError) in
            let byte = try reader.integer(UInt8.self)
            guard let kind = VoteWish.Kind(rawValue: byte) else {
                throw ByteDecodingError.invalid(what: "wish about a vote", value: UInt64(byte))
            }
            return VoteWish(node: NodeID(try reader.integer()), kind: kind)
        }
        try reader.finish()
    }
}
