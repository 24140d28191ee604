// SPDX-License-Identifier: Apache-2.0
import CatalogCore
import Coordination
import Primitives

/// What one watcher saw, judged against everything that happened: one check a guarantee, each a list
/// of what is wrong.
struct WatchValidators {
    let request: WatchRequest
    /// Every change that was applied, in order.
    let truth: [CatalogChange]
    /// What the state was when the watch began; nothing without `state=true`.
    let stateRevision: Revision
    let events: [WatchEvent]

    var changes: [CatalogChange] {
        events.compactMap { if case .change(let change) = $0 { change } else { nil } }
    }

    var isClosed: Bool { if case .closed = events.last { true } else { false } }

    /// Everything that must have been seen up to `revision`.
    private func wanted(from: Revision, through: Revision) -> [CatalogChange] {
        truth.filter {
            $0.revision >= from && $0.revision <= through && $0.key.hasPrefix(request.prefix)
        }
    }

    var violations: [String] {
        ordered + unique + reliable + atomic + bookmarked + filtered + closedLast
    }

    /// Revisions never go back.
    var ordered: [String] {
        zip(changes, changes.dropFirst()).filter { $0.revision > $1.revision }
            .map { "\($1.revision) after \($0.revision)" }
    }

    /// No change twice.
    var unique: [String] {
        var seen: Set<CatalogChange.Place> = []
        return changes.filter { !seen.insert($0.place).inserted }.map { "\($0.place) twice" }
    }

    /// Between the first revision asked for and the last progress nothing is missing.
    var reliable: [String] {
        guard let last = lastProgress else { return [] }
        let first = request.from ?? stateRevision.next
        let seen = changes.filter { $0.revision <= last }.map(\.content)
        let wanted = wanted(from: first, through: last).map(\.content)
        return seen == wanted ? [] : ["saw \(seen.count) changes of \(wanted.count) up to \(last)"]
    }

    /// The changes of one revision are adjacent, all but the last with more to follow.
    var atomic: [String] {
        events.indices.compactMap { index in
            guard case .change(let change) = events[index] else { return nil }
            var following: Revision?
            if index + 1 < events.count, case .change(let next) = events[index + 1] {
                following = next.revision
            }
            let hasMore = following == change.revision
            return hasMore == change.hasMore
                ? nil : "\(change.revision) says more=\(change.hasMore)"
        }
    }

    /// Nothing at or before a progress mark comes behind it, and marks do not go back.
    var bookmarked: [String] {
        var mark = Revision.zero
        var wrong: [String] = []
        for event in events {
            switch event {
            case .change(let change):
                if change.revision <= mark {
                    wrong.append("\(change.revision) behind mark \(mark)")
                }
            case .progress(let revision):
                if revision < mark { wrong.append("mark \(revision) behind mark \(mark)") }
                mark = revision
            case .state, .closed: break
            }
        }
        return wrong
    }

    /// Only keys asked for, only revisions asked for.
    var filtered: [String] {
        changes.filter { !$0.key.hasPrefix(request.prefix) || $0.revision < request.from ?? .zero }
            .map { "\($0.key) at \($0.revision) was not asked for" }
    }

    /// A cut-off is the last word and names a place from which nothing is missing.
    var closedLast: [String] {
        for (position, event) in events.enumerated() {
            guard case .closed(let next) = event else { continue }
            if position != events.count - 1 { return ["closed, and went on"] }
            if let last = changes.last, next <= last.revision { return ["would see \(next) twice"] }
            if let mark = lastProgress, next > mark.next { return ["\(next) leaves a gap"] }
        }
        return []
    }

    var lastProgress: Revision? {
        events.compactMap { if case .progress(let revision) = $0 { revision } else { nil } }.last
    }
}

extension CatalogChange {
    struct Place: Hashable {
        let revision: Revision
        let key: ByteString
    }

    var place: Place { Place(revision: revision, key: key) }

    /// The change without `hasMore`, which depends on the filter.
    var content: CatalogChange {
        CatalogChange(revision: revision, key: key, value: value, hasMore: false)
    }
}
