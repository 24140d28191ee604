// SPDX-License-Identifier: Apache-2.0
package import ElasticCore
package import PlacementCore
package import Primitives
import Synchronization

/// The pages being fetched now: what makes one GET serve everybody who asks.
///
/// Invariants:
/// 1. A page is in at most one run.
/// 2. A page leaves only after it is in the store (or could not be stored), so whoever finds it
///    neither here nor, looking there afterwards, in the store may fetch it.
/// 3. At most ``pageLimit`` pages are here, at most ``aheadLimit`` when one was fetched ahead: what
///    nobody waits for yet never takes the room of what somebody does.
/// 4. At most ``waitingLimit`` readers wait for room, first come, first served.
package final class FillTable: Sendable {
    /// Pages in flight at most: 512 MiB of memory.
    package static let pageLimit = 512
    /// With pages in flight beyond this nothing is fetched ahead.
    package static let aheadLimit = 384
    /// Readers that wait for room at most.
    package static let waitingLimit = 4_096

    /// Neighbouring pages that are fetched in one request.
    package struct Run: Sendable {
        package let pages: Range<UInt32>
        /// One for each page.
        package let fills: [PageFill]
        package let standing: FillStanding
    }

    /// How much somebody wants pages.
    package enum Urgency: Sendable {
        /// The first one: a reader waits for it.
        case first
        case ahead
    }

    private struct Waiting {
        let id: UInt64
        let continuation: CheckedContinuation<Bool, Never>
    }

    private struct State {
        var objects: [ObjectIdentity: [UInt32: PageFill]] = [:]
        var count = 0
        var waiting: [Waiting] = []
        var nextID: UInt64 = 0
    }

    private let state = Mutex(State())

    package init() {}

    /// Pages in flight.
    package var count: Int { state.withLock(\.count) }

    /// Whether a page is on its way that was claimed by an earlier ring than `epoch`'s.
    package func hasFills(before epoch: RingEpoch) -> Bool {
        state.withLock { state in
            state.objects.values.contains { $0.values.contains { $0.isOlder(than: epoch) } }
        }
    }

    /// The fill of a page in flight.
    package func fill(of page: UInt32, in object: ObjectIdentity) -> PageFill? {
        state.withLock { $0.objects[object]?[page] }
    }

    /// Takes those of `pages` that are neither stored nor in flight, in runs of at most `runLength`.
    ///
    /// `isStored` is asked under the table's lock, and only for pages that are not in flight: the other
    /// way round a page could be stored and leave in between, and be fetched twice.
    /// - Returns: The runs, whose fills the caller must finish and then ``release(_:of:)``; and the fill
    ///   of the first page, whoever's it is, `nil` where that is stored or there is no room.
    package func claim(
        _ pages: Range<UInt32>,
        of object: ObjectIdentity,
        runLength: Int,
        urgency: Urgency,
        standing: FillStanding = FillStanding(),
        isStored: (UInt32) -> Bool
    ) -> (runs: [Run], first: PageFill?) {
        guard let first = pages.first else { return ([], nil) }
        return state.withLock { state in
            var runs: [Run] = []
            var run: [UInt32] = []
            var room = (urgency == .first ? Self.pageLimit : Self.aheadLimit) - state.count
            for page in pages where state.objects[object]?[page] == nil && !isStored(page) {
                guard room > 0 else { break }
                room -= 1
                if let last = run.last, last + 1 != page || run.count == runLength {
                    runs.append(Self.register(run, of: object, standing, in: &state))
                    run = []
                }
                run.append(page)
            }
            if !run.isEmpty { runs.append(Self.register(run, of: object, standing, in: &state)) }
            return (runs, state.objects[object]?[first])
        }
    }

    /// Forgets a run whose pages have been dealt with, and wakes as many readers as it had pages.
    package func release(_ run: Run, of object: ObjectIdentity) {
        let woken = state.withLock { state in
            for page in run.pages { state.objects[object]?[page] = nil }
            state.count -= run.pages.count
            if state.objects[object]?.isEmpty == true { state.objects[object] = nil }
            defer { state.waiting.removeFirst(min(run.pages.count, state.waiting.count)) }
            return state.waiting.prefix(run.pages.count)
        }
        for waiting in woken { waiting.continuation.resume(returning: true) }
    }

    /// Waits for room; `false` at `deadline`, or at once where too many wait already.
    ///
    /// Whoever is woken still has to ``claim(_:of:runLength:urgency:isStored:)``: another may be faster.
    package func room(until deadline: ContinuousClock.Instant) async -> Bool {
        let id = state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        // A task of its own: ends the wait, and ends with it.
        let timer = Task {
            try await Task.sleep(until: deadline, clock: .continuous)
            giveUp(id)
        }
        defer { timer.cancel() }
        return await withCheckedContinuation { continuation in
            let known: Bool? = state.withLock { state in
                if state.count < Self.pageLimit { return true }
                guard state.waiting.count < Self.waitingLimit, .now < deadline else { return false }
                state.waiting.append(Waiting(id: id, continuation: continuation))
                return nil
            }
            if let known { continuation.resume(returning: known) }
        }
    }

    private func giveUp(_ id: UInt64) {
        let waiting = state.withLock { state in
            state.waiting.firstIndex { $0.id == id }.map { state.waiting.remove(at: $0) }
        }
        waiting?.continuation.resume(returning: false)
    }

    /// `pages` are neighbours, at least one.
    private static func register(
        _ pages: [UInt32],
        of object: ObjectIdentity,
        _ standing: FillStanding,
        in state: inout State
    ) -> Run {
        let fills = pages.map { _ in PageFill(standing: standing) }
        for (page, fill) in zip(pages, fills) {
            let earlier = state.objects[object, default: [:]].updateValue(fill, forKey: page)
            precondition(earlier == nil, "invariant 1: page \(page) of \(object)")
        }
        state.count += pages.count
        precondition(state.count <= pageLimit, "invariant 3: \(state.count)")
        let range = pages[0]..<pages[pages.count - 1] + 1
        return Run(pages: range, fills: fills, standing: standing)
    }
}
