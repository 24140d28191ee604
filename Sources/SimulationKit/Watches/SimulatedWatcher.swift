// SPDX-License-Identifier: Apache-2.0

import CatalogCore
import Primitives

/// A client that watches: at one node until that dies, it is sent away or it feels like it, then at
/// another, from where it was.
struct SimulatedWatcher: Sendable {
    /// One stream of events.
    struct Stream: Sendable {
        let node: Int
        let life: UInt64
        /// The production's place in the node's history.
        var place: WatchPlace
    }

    let prefix: ByteString
    var stream: Stream?
    /// The first revision that it was not told; `nil`: it never watched.
    var resumeFrom: Revision?
    /// What comes next was gone: it begins where the node is by then.
    var beginsAnew = false
    /// Looks that it sleeps through.
    var naps = 0
    /// Its own: whoever watches changes nothing in the world.
    private var random: SplitMix64

    init(number: Int, seed: UInt64) {
        prefix = number == 0 ? ByteString() : ByteString("mounts//\(number % 4)/")
        random = SplitMix64(seed: seed &+ UInt64(number) &* 0x9E37_79B9)
    }

    mutating func chance(percent: Int) -> Bool { random.chance(percent: percent) }

    mutating func nap() { naps = Int.random(in: 1...200, using: &random) }
}

/// What one look of one watcher gave, for the checkers.
struct WatchedEvents: Sendable {
    let watcher: Int
    let node: Int
    let prefix: ByteString
    /// The stream begins with these: the revision asked for, `nil` for none.
    let beginning: Beginning?
    /// The newest revision of the node.
    let head: Revision
    /// The oldest one that it could still read.
    let oldest: Revision
    let events: [WatchEvent]

    struct Beginning: Sendable {
        /// The first revision wanted.
        let from: Revision
        /// Whether the watcher goes on where it was, or begins anew.
        let isResumed: Bool
    }
}
