// SPDX-License-Identifier: Apache-2.0

/// What was learned of a run's pages at other workers: which are still missing, and why.
package struct PeerFindings: Sendable {
    /// Rising.
    package private(set) var missing: [UInt32]
    /// Pages that a living worker had held, or may have.
    private var withheld: Set<UInt32> = []
    /// Whether somebody who may have held them cannot be asked.
    private var hasLostHolder = false

    package init(missing: some Sequence<UInt32>, hasLostHolder: Bool = false) {
        self.missing = Array(missing)
        self.hasLostHolder = hasLostHolder
    }

    /// Somebody who holds the pages where nothing went wrong cannot be asked.
    package mutating func noteLostHolder() { hasLostHolder = true }

    /// Takes an answer about one page; of a worker that holds it only where something went wrong, nothing
    /// but the page counts.
    package mutating func note(_ word: PeerWord, about page: UInt32, fromHolder isHolder: Bool) {
        switch word {
        case .page: missing.removeAll { $0 == page }
        case .evicted: withheld.insert(page)
        case .late where isHolder: withheld.insert(page)
        case .dead where isHolder: hasLostHolder = true
        case .miss, .late, .dead: break
        }
    }

    /// Why a page that is still missing has to come from the origin.
    package func cause(of page: UInt32) -> FetchCause {
        if withheld.contains(page) { return .rebalance }
        return hasLostHolder ? .lost : .read
    }

    /// What is missing, in ranges.
    package var missingRuns: [Range<UInt32>] {
        missing.reduce(into: []) { runs, page in
            if let last = runs.last, last.upperBound == page {
                runs[runs.count - 1] = last.lowerBound..<page + 1
            } else {
                runs.append(page..<page + 1)
            }
        }
    }
}
