// SPDX-License-Identifier: Apache-2.0
package import Primitives

/// How fast pages may move away from a worker: asked for again and again while they do.
package struct HandoffLimits: Hashable, Sendable {
    /// 0: as fast as it goes.
    package var bytesPerSecond: UInt64
    /// Batches under way at the same time; at least one counts.
    package var streams: Int
    /// Whether nothing new may begin.
    package var isPaused: Bool

    package init(bytesPerSecond: UInt64, streams: Int, isPaused: Bool = false) {
        self.bytesPerSecond = bytesPerSecond
        self.streams = streams
        self.isPaused = isPaused
    }
}

/// How far a worker's part of a ring change has come.
package struct HandoffProgress: Hashable, Sendable {
    /// The ring that the pages follow.
    package var epoch: RingEpoch
    /// Of the pages that another worker owns: not offered yet, or to be offered again.
    package var remainingPages: UInt64 = 0
    package var remainingBytes: UInt64 = 0
    /// Taken by their owners since the change, or since this worker's start; in whole pages.
    package var movedPages: UInt64 = 0
    package var movedBytes: UInt64 = 0
    /// Not taken after all attempts: no room, or an owner that does not answer.
    package var refusedPages: UInt64 = 0
    package var refusedBytes: UInt64 = 0
    /// Whether nothing more can move by this ring.
    package var isDone = false

    package init(epoch: RingEpoch) { self.epoch = epoch }
}
