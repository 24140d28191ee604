// SPDX-License-Identifier: Apache-2.0
package import Primitives

/// Whom a filler asks for pages before it fetches them, one worker after the other.
///
/// ```
///   holders ──▶ spares ──▶ the origin: what nobody had
///      │
///      ├─ in doubt: not asked, and counts as lost
///      └─ the first owner, which readers went past: asked once it has said that it lives
/// ```
/// A value without clock and I/O. Invariant: nobody is asked twice, and nobody for a page that was found.
package struct HolderSearch: Sendable {
    package enum Step: Hashable, Sendable {
        /// To be asked whether it lives, then ``HolderSearch/probed(isAlive:)``.
        case probe(WorkerTarget)
        /// To be asked for these pages, each answer to ``HolderSearch/heard(_:about:)``.
        case ask(WorkerTarget, [UInt32])
        /// All that can be found was found.
        case finished
    }

    private struct Candidate: Sendable {
        let worker: WorkerTarget
        let isHolder: Bool
        /// It keeps a copy as this worker does; what it gave up for want of room, it would have too.
        let isKeeper: Bool
        /// Readers went past it, or could not reach it: it has to say first that it lives.
        let wasPassed: Bool
    }

    private let candidates: [Candidate]
    /// Of the one that is asked now.
    private var position = -1
    private var isCleared = false
    package private(set) var findings: PeerFindings

    /// Nobody was asked yet.
    ///
    /// - Parameters:
    ///   - route: Where the pages belong, and who else may have them.
    ///   - me: Who asks.
    ///   - pages: Neighbours in one unit.
    package init(_ route: PageRoute, for me: NodeID, pages: some Sequence<UInt32>) {
        let filler = route.filler?.node
        candidates = (route.holders.map { ($0, true) } + route.spares.map { ($0, false) })
            .filter { $0.0.node != me }
            .map { worker, isHolder in
                Candidate(
                    worker: worker,
                    isHolder: isHolder,
                    isKeeper: route.isSettled && route.keepers.contains(worker),
                    wasPassed: worker.node == filler
                )
            }
        findings = PeerFindings(missing: pages, hasLostHolder: route.hasRemovedHolder)
    }

    /// What to do next; the last step has to be answered before.
    package mutating func next(isSuspect: (NodeID) -> Bool) -> Step {
        if isCleared {
            isCleared = false
            return .ask(candidates[position].worker, findings.missing)
        }
        while position + 1 < candidates.count, !findings.missing.isEmpty {
            position += 1
            let candidate = candidates[position]
            guard !isSuspect(candidate.worker.node) else {
                if candidate.isHolder { findings.noteLostHolder() }
                continue
            }
            return candidate.wasPassed
                ? .probe(candidate.worker) : .ask(candidate.worker, findings.missing)
        }
        return .finished
    }

    /// Takes what became of a probe.
    package mutating func probed(isAlive: Bool) {
        isCleared = isAlive
        if !isAlive, candidates[position].isHolder { findings.noteLostHolder() }
    }

    /// Takes what the worker that is asked said about one page.
    package mutating func heard(_ word: PeerWord, about page: UInt32) {
        let candidate = candidates[position]
        let isOwnLoss = word == .evicted && candidate.isKeeper && !candidate.wasPassed
        findings.note(isOwnLoss ? .miss : word, about: page, fromHolder: candidate.isHolder)
    }
}
