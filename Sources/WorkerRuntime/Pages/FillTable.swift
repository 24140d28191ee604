// SPDX-License-Identifier: Apache-2.0
import PageStorage
import Synchronization

/// The pages being fetched now: what makes one GET serve everybody who asks.
///
/// Invariants:
/// 1. A page is in at most one run.
/// 2. A page leaves only after it is in the store (or could not be stored), so whoever finds it
///    neither here nor there may fetch it.
/// 3. At most ``pageLimit`` pages are here.
final class FillTable: Sendable {
    /// Pages in flight at most: 512 MiB of memory.
    static let pageLimit = 512

    /// Neighbouring pages that are fetched in one request.
    struct Run: Sendable {
        let pages: Range<UInt32>
        /// One for each page.
        let fills: [PageFill]
    }

    private struct State {
        var objects: [ObjectIdentity: [UInt32: PageFill]] = [:]
        var count = 0
    }

    private let state = Mutex(State())

    func fill(of page: UInt32, in object: ObjectIdentity) -> PageFill? {
        state.withLock { $0.objects[object]?[page] }
    }

    /// Takes those of `pages` that are neither stored nor in flight, in runs of at most `runLength`.
    ///
    /// Empty when there is nothing to fetch or no room.
    func claim(
        _ pages: Range<UInt32>,
        of object: ObjectIdentity,
        runLength: Int,
        isStored: (UInt32) -> Bool
    ) -> [Run] {
        let wanted = pages.filter { !isStored($0) }
        guard !wanted.isEmpty else { return [] }
        return state.withLock { state in
            var runs: [Run] = []
            var run: [UInt32] = []
            for page in wanted where state.objects[object]?[page] == nil {
                if let last = run.last, last + 1 != page || run.count == runLength {
                    if let taken = Self.register(run, of: object, in: &state) { runs.append(taken) }
                    run = []
                }
                run.append(page)
            }
            if let taken = Self.register(run, of: object, in: &state) { runs.append(taken) }
            return runs
        }
    }

    /// Forgets a run whose pages have been dealt with.
    func release(_ run: Run, of object: ObjectIdentity) {
        state.withLock { state in
            for page in run.pages { state.objects[object]?[page] = nil }
            state.count -= run.pages.count
            if state.objects[object]?.isEmpty == true { state.objects[object] = nil }
        }
    }

    private static func register(
        _ pages: [UInt32],
        of object: ObjectIdentity,
        in state: inout State
    ) -> Run? {
        guard let first = pages.first, let last = pages.last,
            state.count + pages.count <= pageLimit
        else { return nil }
        let fills = pages.map { _ in PageFill() }
        for (page, fill) in zip(pages, fills) {
            state.objects[object, default: [:]][page] = fill
        }
        state.count += pages.count
        return Run(pages: first..<last + 1, fills: fills)
    }
}
