// SPDX-License-Identifier: Apache-2.0
package import CatalogCore
package import Primitives

/// The history of changes, read once for all who are at the same place of it.
///
/// A history keeps changes as bytes. Watchers that keep up ask for the same few changes within
/// milliseconds of each other; the first makes values of them, and the others get the same values,
/// strings and all.
///
/// Invariants:
/// 1. What is remembered was read since the last change of the history.
/// 2. At most ``memoryLimit`` answers are remembered, each of at most ``longestAnswer`` changes.
package struct WatchedHistory: Sendable {
    private struct Answer {
        let from: Revision
        let limit: Int
        let changes: [CatalogChange]
    }

    package static let memoryLimit = 4
    package static let longestAnswer = 64

    private var history: ChangeHistory
    /// Oldest first.
    private var answers: [Answer] = []
    /// Times that the history itself was read.
    package private(set) var readCount: UInt64 = 0

    package init(_ history: ChangeHistory) { self.history = history }

    /// See ``ChangeHistory/append(_:)``.
    package mutating func append(_ added: [CatalogChange]) {
        guard !added.isEmpty else { return }
        answers = []  // Invariant 1.
        history.append(added)
    }

    /// See ``ChangeHistory/changes(from:limit:)``.
    package mutating func changes(from revision: Revision, limit: Int) -> ChangeHistory.Reading {
        if let known = answers.last(where: { $0.from == revision && $0.limit == limit }) {
            return .slice(known.changes)
        }
        let reading = history.changes(from: revision, limit: limit)
        readCount += 1
        if case .slice(let changes) = reading, 1...Self.longestAnswer ~= changes.count {
            if answers.count == Self.memoryLimit { answers.removeFirst() }  // Invariant 2.
            answers.append(Answer(from: revision, limit: limit, changes: changes))
        }
        return reading
    }
}
