// SPDX-License-Identifier: Apache-2.0

import APIModel

/// Everything below a directory, depth first: in bytewise order of the whole paths.
///
/// A page of every directory from the root down to the one that is read is in memory, no more: names
/// are at most a few KiB long and pages at most 1,000 entries.
struct TreeWalk {
    private let client: ClusterClient
    private let root: String
    /// The directories that are open, the root first.
    private var levels: [Level] = []
    private var batch: [ListEntryDocument] = []

    private struct Level {
        /// Relative to the root, empty or ending with a slash.
        let prefix: String
        /// What has not been visited of the page that was read last.
        var rest: ArraySlice<ListEntryDocument>
        /// Cursor of the next page.
        var next: String?
    }

    /// Written at once, rather than a line at a time.
    private static let batchCount = 1000

    init(_ client: ClusterClient, root: String) {
        self.client = client
        self.root = root
    }

    /// Hands the entries to `visit`, in batches, with paths relative to the root as their names.
    mutating func forEachBatch(
        _ visit: ([ListEntryDocument]) throws(CommandFailure) -> Void
    ) async throws(CommandFailure) {
        levels = [try await open("")]
        while let level = levels.last {
            if let entry = level.rest.first {
                levels[levels.count - 1].rest.removeFirst()
                try await take(entry, level.prefix)
            } else if let next = level.next {
                levels[levels.count - 1] = try await open(level.prefix, after: next)
            } else {
                levels.removeLast()
            }
            if batch.count >= Self.batchCount {
                try visit(batch)
                batch = []
            }
        }
        try visit(batch)
    }

    private mutating func take(
        _ entry: ListEntryDocument,
        _ prefix: String
    ) async throws(CommandFailure) {
        var shown = entry
        shown.name = prefix + entry.name
        batch.append(shown)
        guard entry.type == .directory else { return }
        do {
            levels.append(try await open(shown.name + "/"))
        } catch .problem(let document, _) where document.knownCode == .notFound {
            // Gone since its name was read: there is nothing below it.
        }
    }

    private func open(
        _ prefix: String,
        after: String? = nil
    ) async throws(CommandFailure) -> Level {
        let path = prefix.isEmpty ? root : root.appending(component: String(prefix.dropLast()))
        let page = try await client.directoryPage(path, after: after).document
        guard page.next != after || after == nil else {
            throw .badAnswer("the list of \(path) answers the same page again and again")
        }
        return Level(prefix: prefix, rest: page.entries[...], next: page.next)
    }
}
