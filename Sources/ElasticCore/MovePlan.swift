// SPDX-License-Identifier: Apache-2.0
import Codecs
package import PlacementCore
package import Primitives

/// What has to move where, in which order, and what to do next.
///
/// ```
///   to w4: ▓▓▓▒▒░░░   hottest first        next batch: of the target that is free and has the
///   to w7: ▓▒░                              hottest page, cut at 64 pages, 16 MiB or ¼ s of the rate
///   to w9: ▒░ (resting until 12:00:03)      a target that takes nothing rests, twice as long each time
/// ```
///
/// A value without clock and I/O. Invariants:
/// 1. A page is in one batch at a time, and in none once its target has acknowledged it.
/// 2. Nothing goes to a target that rests, or that was given up after ``fruitlessLimit`` rests in a row
///    behind which it took nothing.
package struct MovePlan: Sendable {
    /// Times in a row that a target takes nothing before it is given up: about a minute.
    package static let fruitlessLimit = 8
    private static let firstRestMS: UInt64 = 1_000
    /// What a target rests that has too much to do: others offer it pages as well.
    private static let busyRestMS: UInt64 = 250
    private static let longestRestMS: UInt64 = 16_000
    /// The smallest batch that a rate leads to: one large page.
    private static let smallestBatch: UInt64 = 1 << 20

    /// What the shell does next.
    package enum Step: Hashable, Sendable {
        case send(MoveBatch)
        /// Nothing may begin before; in milliseconds.
        case wait(UInt64)
        /// Everything was offered; batches may be under way.
        case finished
    }

    private struct Queue: Sendable {
        let target: NodeID
        /// The hottest last.
        var units: [HeldUnit]
        var fruitless = 0
        var restsUntilMS: UInt64 = 0
        var isGivenUp: Bool { fruitless >= MovePlan.fruitlessLimit }
    }

    /// In the order of targets.
    private var queues: [Queue]
    private var bucket: TokenBucket

    /// - Parameters:
    ///   - units: With the worker that each belongs to; no unit twice.
    ///   - nowMS: Of a clock that never goes back.
    package init(_ units: [(unit: HeldUnit, target: NodeID)], nowMS: UInt64) {
        var byTarget: [NodeID: [HeldUnit]] = [:]
        for (unit, target) in units { byTarget[target, default: []].append(unit) }
        queues = byTarget.keys.sorted().map { target in
            let units = byTarget[target] ?? []
            // Equal heat: as found, so that the units of an object stay together.
            let order = units.indices.sorted { left, right in
                (units[left].heat, right) < (units[right].heat, left)
            }
            return Queue(target: target, units: order.map { units[$0] })
        }
        bucket = TokenBucket(nowMS: nowMS)
    }

    /// What to do next, with `running` batches under way.
    package mutating func step(_ limits: HandoffLimits, running: Int, nowMS: UInt64) -> Step {
        guard queues.contains(where: Self.isOpen) else { return .finished }
        guard !limits.isPaused, running < max(1, limits.streams) else { return .wait(.max) }
        let wait = bucket.wait(bytesPerSecond: limits.bytesPerSecond, nowMS: nowMS)
        guard wait == 0 else { return .wait(wait) }
        guard let index = hottestQueue(nowMS: nowMS) else {
            let next = queues.filter(Self.isOpen).map(\.restsUntilMS).min() ?? nowMS
            return .wait(max(1, next - min(next, nowMS)))
        }
        let batch = takeBatch(from: index, byteLimit: Self.byteLimit(limits.bytesPerSecond))
        bucket.take(batch.byteCount)
        return .send(batch)
    }

    /// Takes note of what became of a batch; one that was fruitless, or came at a busy time, is offered once
    /// more later on.
    package mutating func settle(
        _ batch: MoveBatch,
        _ outcome: HandoffLedger.Outcome,
        nowMS: UInt64
    ) {
        guard let index = queues.firstIndex(where: { $0.target == batch.target }) else { return }
        switch outcome {
        case .taken: queues[index].fruitless = 0
        case .failed: break
        case .busy:
            queues[index].units += batch.units.reversed()
            queues[index].restsUntilMS = max(
                queues[index].restsUntilMS,
                nowMS + Self.busyRestMS
            )
        case .fruitless:
            queues[index].units += batch.units.reversed()
            // What was sent before the rest began is the same silence, heard once more.
            guard nowMS >= queues[index].restsUntilMS else { return }
            let rest = Self.firstRestMS << UInt64(min(queues[index].fruitless, 10))
            queues[index].fruitless += 1
            queues[index].restsUntilMS = nowMS + min(rest, Self.longestRestMS)
        }
    }

    /// What a batch was counted as travelling, and did not: its target had it, or wanted none of it.
    package mutating func giveBack(_ byteCount: UInt64) { bucket.giveBack(byteCount) }

    /// Workers that were given up.
    package var givenUp: [NodeID] { queues.filter(\.isGivenUp).map(\.target) }

    // MARK: - Private parts

    private static func isOpen(_ queue: Queue) -> Bool {
        !queue.units.isEmpty && !queue.isGivenUp
    }

    private func hottestQueue(nowMS: UInt64) -> Int? {
        queues.indices
            .filter { Self.isOpen(queues[$0]) && queues[$0].restsUntilMS <= nowMS }
            .max { (queues[$0].units.last?.heat ?? 0) < (queues[$1].units.last?.heat ?? 0) }
    }

    private static func byteLimit(_ bytesPerSecond: UInt64) -> UInt64 {
        guard bytesPerSecond > 0 else { return PageOffer.maximumByteCount }
        return min(max(bytesPerSecond / 4, smallestBatch), PageOffer.maximumByteCount)
    }

    private mutating func takeBatch(from index: Int, byteLimit: UInt64) -> MoveBatch {
        var batch = MoveBatch(target: queues[index].target)
        while let unit = queues[index].units.popLast() {
            let left = batch.add(unit, byteLimit: byteLimit)
            guard left == 0 else {
                var rest = unit
                rest.pages = left
                queues[index].units.append(rest)
                break
            }
        }
        return batch
    }
}
