// SPDX-License-Identifier: Apache-2.0
package import Primitives

/// The question whether one member is there, as long as it is open.
struct Probe: Sendable {
    let node: NodeID
    let sequence: UInt32
    let sentMS: UInt64
    /// When others are asked to look; `nil` once they were.
    var helpDueMS: UInt64?
    /// Helpers that have neither told of an answer nor said that they are at it.
    var silentHelpers = 0
    var helpers = 0
}

/// A member's port was found closed: a last question, soon answered.
struct RefusalCheck: Sendable {
    let node: NodeID
    let sequence: UInt32
    var deadlineMS: UInt64

    static let limit = 32
}

/// A ping passed on for another member.
struct Relay: Sendable {
    let origin: NodeID
    let originSequence: UInt32
    let target: NodeID
    let sequence: UInt32
    /// When the origin is told that there is no answer yet; `nil` once it was.
    var noAnswerDueMS: UInt64?
    var endMS: UInt64

    static let limit = 128
}

/// What is known of contact with another region.
struct RegionContact: Sendable {
    let region: UInt64
    /// Its members in the order in which they are bridges.
    var ranked: [Int] = []
    var heardMS: UInt64
    /// The last ping of ours across; answers prove that the region was heard.
    var sequence: UInt32 = 0
    var sentMS: UInt64 = 0
    var turn = 0
}

extension SplitMix64 {
    /// A number below `bound`, which is at least 1 and below 2³².
    ///
    /// Biased by less than bound / 2³².
    package mutating func below(_ bound: Int) -> Int {
        Int(truncatingIfNeeded: ((next() >> 32) &* UInt64(truncatingIfNeeded: bound)) >> 32)
    }
}
