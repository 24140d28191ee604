// SPDX-License-Identifier: Apache-2.0

import APIModel
import ArgumentParser

struct MountHistory: ClusterVerb {
    static let configuration = CommandConfiguration(
        commandName: "history",
        abstract: "Show what a mount was, revision by revision.",
        discussion: """
            Oldest first, also after the mount was removed. The cluster remembers the last 100 revisions \
            of a path, and 16 MiB of all paths together; every worker answers the same. The time is that \
            of the clock of the worker that took the change.

            EXAMPLES:
              tarn mount history /data/bucket_a
              tarn mount history /data/bucket_a -o json

            EXIT STATUS:
              0   printed
              3   no mount at that path, and none is remembered
              5   no quorum
              7   timed out
              8   nobody reachable
              64  the command line is wrong
            """
    )

    @Argument(help: "Path of the mount.")
    var path: String

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    var format: OutputFormat { output.output }

    func run(_ session: Session) async throws(CommandFailure) {
        let history = try await session.client.history(path)
        try session.show(history.raw) { Self.table(history.items) }
        if session.format == .table, history.compactedThrough > 0 {
            session.remark(
                "Nothing is known of this path up to revision \(history.compactedThrough)."
            )
        }
    }

    private static func table(_ items: [MountRevisionDocument]) -> TextTable {
        var table = TextTable("REVISION", "TIME", "TYPE", "CHANGE")
        var before: MountDocument?
        for item in items {
            table.add(
                String(item.revision),
                item.time.map { "\($0)" } ?? "",
                item.type.rawValue,
                change(from: before, to: item.value)
            )
            before = item.value
        }
        return table
    }

    /// In one line, what a revision changed.
    private static func change(from before: MountDocument?, to after: MountDocument?) -> String {
        guard let after else { return before.map { "it showed \($0.origin)" } ?? "" }
        guard let before else { return "origin \(after.origin)" }
        let changes = before.changes(to: MountRequest(after))
        return changes.isEmpty ? "as before" : changes.map(\.text).joined(separator: ", ")
    }
}

/// What the cluster remembers of one mount path.
struct RememberedMount: Sendable {
    /// Oldest first.
    var items: [MountRevisionDocument] = []
    /// The same as they came.
    var raw: [JSONValue] = []
    /// Up to this revision nothing is known; 0: all is.
    var compactedThrough: UInt64 = 0

    /// What is at the path now; `nil`: nothing.
    var current: MountDocument? { items.last?.value }
}

extension ClusterClient {
    func history(_ path: String) async throws(CommandFailure) -> RememberedMount {
        var history = RememberedMount()
        var after: String?
        while true {
            let query = PercentEncoding.query([("path", path), ("after", after)])
            let answer = try await call(.get("/v1/mount/history" + query))
            let page = try Self.decode(MountHistoryDocument.self, from: answer)
            history.items += page.items
            history.raw += try Self.decode(Page<JSONValue>.self, from: answer).items
            history.compactedThrough = max(history.compactedThrough, page.compactedThrough)
            guard let next = page.next else { return history }
            guard next != after else {
                throw .badAnswer("\(answer.address) answers the same page again and again")
            }
            after = next
        }
    }
}

extension MountDocument {
    /// What storing `request` instead would change.
    func changes(to request: MountRequest) -> [MountFields.Change] {
        guard let before = MountFields(MountRequest(self)), let after = MountFields(request) else {
            return [.init(field: "mount", before: "as it is", after: "not understood")]
        }
        return before.changes(to: after)
    }
}
