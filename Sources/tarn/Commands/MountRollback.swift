// SPDX-License-Identifier: Apache-2.0

import APIModel
import ArgumentParser
import NIOHTTP1

struct MountRollback: ClusterVerb {
    static let configuration = CommandConfiguration(
        commandName: "rollback",
        abstract: "Make a mount again what it was at a revision.",
        discussion: """
            Shows what changes, asks, and stores the old entry as a new revision; a mount that was \
            removed is there again. Refused when somebody else changes the mount meanwhile. \
            'tarn mount history' lists the revisions.

            EXAMPLES:
              tarn mount rollback /data/bucket_a --revision 40
              tarn mount rollback /data/bucket_a --revision 40 --yes

            EXIT STATUS:
              0   stored, or so already
              1   changed by somebody else meanwhile, the revision is not remembered any more, or the \
            origin does not list
              3   the path never had this revision
              5   no quorum
              7   timed out
              8   nobody reachable
              9   the origin refuses the credentials
              64  the command line is wrong, or there is no terminal to ask on
            """
    )

    @Argument(help: "Path of the mount.")
    var path: String

    @Option(help: ArgumentHelp("The revision to go back to.", valueName: "number"))
    var revision: UInt64

    @Flag(name: .customLong("no-check"), help: "Do not list the origin first.")
    var skipsCheck = false

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    var format: OutputFormat { output.output }

    func run(_ session: Session) async throws(CommandFailure) {
        let history = try await session.client.history(path)
        let request = MountRequest(try wanted(in: history))
        if let current = history.current, current.changes(to: request).isEmpty {
            try session.confirm(
                try ClusterClient.encode(current),
                "mount \(path) is so already, since revision \(current.modRevision)"
            )
            return
        }
        try session.confirm(Self.consequence(path, history.current, request))
        let known = history.current?.modRevision ?? 0
        let stored: Answered<MountDocument> = try await session.client.write(
            .PUT,
            ClusterClient.mountTarget(path, skipsCheck ? .skipped : .made),
            headers: [("If-Match", "\"\(known)\"")],
            body: request
        )
        try session.confirm(
            stored.bytes,
            "mount \(path) is as it was at revision \(revision), since revision "
                + "\(stored.document.modRevision)"
        )
    }

    // MARK: - Private

    private func wanted(in history: RememberedMount) throws(CommandFailure) -> MountDocument {
        let next = "tarn mount history \(path)"
        guard let item = history.items.first(where: { $0.revision == revision }) else {
            let oldest = history.items.first?.revision
            let kept = oldest.map { "; the oldest that is remembered is \($0)" } ?? ""
            guard revision > history.compactedThrough else {
                throw .problem(
                    ProblemDocument(
                        .compacted,
                        detail: "revision \(revision) of \(path) is not remembered any more\(kept)",
                        outcome: .notApplied,
                        next: next,
                        oldest: oldest
                    )
                )
            }
            throw .notFound("\(path) has no revision \(revision)\(kept)", next: next)
        }
        guard let value = item.value else {
            throw .usage(
                "at revision \(revision) the mount \(path) was removed",
                next: "tarn mount remove \(path)"
            )
        }
        return value
    }

    private static func consequence(
        _ path: String,
        _ current: MountDocument?,
        _ request: MountRequest
    ) -> String {
        let path = TextTable.shown(path)
        guard let current else {
            return "The mount \(path) will be there again: \(TextTable.shown(request.origin))."
        }
        let lines = current.changes(to: request).map { "  ~ \($0.text)" }
        return "The mount \(path) will change:\n" + lines.joined(separator: "\n")
    }
}
