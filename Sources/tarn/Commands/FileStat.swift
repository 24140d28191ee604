// SPDX-License-Identifier: Apache-2.0

import APIModel
import ArgumentParser
import Foundation
import Primitives

struct FileStat: ClusterVerb {
    static let configuration = CommandConfiguration(
        commandName: "stat",
        abstract: "Show size, time and version of a file, or that a path is a directory.",
        discussion: """
            Where an object and a directory have the same path, the object is shown: it is what \
            'tarn fs cat' reads.

            EXAMPLES:
              tarn fs stat /data/bucket_a/train/000.tar
              tarn fs stat /data/bucket_a -o json

            EXIT STATUS:
              0   printed
              1   not initialised yet, or the origin failed
              3   nothing at that path
              7   timed out
              8   nobody reachable
              9   the origin refuses the credentials
              64  the command line is wrong
            """
    )

    @Argument(help: "Cluster path.")
    var path: String

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    var format: OutputFormat { output.output }

    func run(_ session: Session) async throws(CommandFailure) {
        let entry: ListEntryDocument
        if !path.hasSuffix("/"), let head = try await session.client.fileHead(path) {
            entry = Self.entry(path, head)
        } else {
            // Answers 404 where there is no directory either.
            _ = try await session.client.directoryPage(path, after: nil, limit: 1)
            entry = ListEntryDocument(
                name: Self.name(path),
                type: .directory,
                size: nil,
                modified: nil,
                version: nil
            )
        }
        let document = StatDocument(path: path, entry)
        try session.show(try ClusterClient.encode(document)) { document.table }
    }

    static func entry(_ path: String, _ head: FileHead) -> ListEntryDocument {
        ListEntryDocument(
            name: name(path),
            type: .file,
            size: head.size,
            modified: head.modified.flatMap(HTTPDate.init)?.timestamp,
            version: head.version?.trimmingCharacters(in: ["\""])
        )
    }

    private static func name(_ path: String) -> String {
        path.split(separator: "/").last.map(String.init) ?? "/"
    }
}

/// What `fs stat -o json` prints: a list entry with the path instead of the name.
struct StatDocument: Codable, Sendable {
    let path: String
    let type: EntryKind
    @Nullable var size: UInt64?
    @Nullable var modified: Timestamp?
    @Nullable var version: String?

    init(path: String, _ entry: ListEntryDocument) {
        self.path = path
        type = entry.type
        size = entry.size
        modified = entry.modified
        version = entry.version
    }

    var table: TextTable {
        var table = TextTable("FIELD", "VALUE")
        table.add("path", path)
        table.add("type", type.rawValue)
        table.add("size", size.map { "\($0) (\(ByteCount($0)))" } ?? "")
        table.add("modified", modified?.description ?? "")
        table.add("version", version ?? "")
        return table
    }
}
