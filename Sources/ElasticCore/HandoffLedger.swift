// SPDX-License-Identifier: Apache-2.0
import Codecs
package import PlacementCore
package import Primitives

/// What became of the pages that a worker offers by one ring: what is acknowledged, what was refused.
///
/// Bounded by what the worker holds. Invariant: a page that was acknowledged is not offered again.
package struct HandoffLedger: Sendable {
    /// Offers of a unit of which nothing is taken before its pages count as refused.
    package static let attemptLimit = 4

    private struct Unit: Hashable {
        let object: ObjectIdentity
        let number: UInt32
    }

    package let epoch: RingEpoch
    /// For each object and unit one bit a page.
    private var acknowledged: [ObjectIdentity: [UInt32: UInt64]] = [:]
    private var attempts: [Unit: Int] = [:]
    private var givenUp: Set<NodeID> = []
    /// Pages that their owners have, taken or had before.
    package private(set) var acknowledgedCount: UInt64 = 0
    package private(set) var acknowledgedBytes: UInt64 = 0
    package private(set) var movedPages: UInt64 = 0
    package private(set) var movedBytes: UInt64 = 0

    package init(epoch: RingEpoch) { self.epoch = epoch }

    /// What is still to be offered of a unit that `target` owns.
    package func pending(_ unit: HeldUnit, for target: NodeID) -> (open: UInt64, refused: UInt64) {
        let left = unit.pages & ~(acknowledged[unit.object]?[unit.unit] ?? 0)
        let key = Unit(object: unit.object, number: unit.unit)
        let isRefused = givenUp.contains(target) || attempts[key, default: 0] >= Self.attemptLimit
        return isRefused ? (0, left) : (left, 0)
    }

    /// What an offer came to.
    package enum Outcome: Hashable, Sendable {
        /// The target took or had some of the pages; the others are not offered again by this plan.
        case taken
        /// None of them could be had or written: the pages' fault, not the target's.
        case failed
        /// The target has no room, or did not answer.
        case fruitless
        /// The target has too much to do, and said so.
        case busy
    }

    /// Takes the answer to a batch.
    package mutating func note(_ answer: OfferAnswer, on batch: MoveBatch) -> Outcome {
        guard case .verdicts(let verdicts) = answer else {
            return answer == .busy ? .busy : .fruitless
        }
        let wasTaken = verdicts.contains { $0 == .stored || $0 == .present }
        guard wasTaken || !verdicts.contains(.noRoom) else { return .fruitless }
        var rest = verdicts[...]
        for unit in batch.units {
            let (taken, later) = note(&rest, on: unit)
            if taken != 0 {
                acknowledged[unit.object, default: [:]][unit.unit, default: 0] |= taken
            }
            if taken | later == 0 {
                attempts[Unit(object: unit.object, number: unit.unit), default: 0] += 1
            }
        }
        if wasTaken { return .taken }
        return verdicts.contains(.later) ? .busy : .failed
    }

    /// The pages of a unit that its owner has now, and those that it wants later on, one bit each.
    private mutating func note(
        _ verdicts: inout ArraySlice<PageOfferVerdict>,
        on unit: HeldUnit
    ) -> (taken: UInt64, later: UInt64) {
        var taken: UInt64 = 0
        var later: UInt64 = 0
        for number in unit.pageNumbers {
            let size = UInt64(unit.object.geometry?.byteCount(ofPage: number) ?? 0)
            switch verdicts.popFirst() {
            case .stored:
                movedPages += 1
                movedBytes += size
            case .present: break
            case .later:
                later |= 1 << UInt64(number % 64)
                continue
            case .noRoom, .failed, .refused, nil: continue
            }
            acknowledgedCount += 1
            acknowledgedBytes += size
            taken |= 1 << UInt64(number % 64)
        }
        return (taken, later)
    }

    /// Offers nothing more to these workers.
    package mutating func giveUp(_ targets: [NodeID]) { givenUp.formUnion(targets) }

    /// For each unit of an object the pages that their owners are known to have.
    package func acknowledgedPages(of object: ObjectIdentity) -> [UInt32: UInt64] {
        acknowledged[object] ?? [:]
    }
}
