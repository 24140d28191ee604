// SPDX-License-Identifier: Apache-2.0

import APIModel
import ArgumentParser
import Primitives

struct FileList: ClusterVerb {
    static let configuration = CommandConfiguration(
        commandName: "ls",
        abstract: "List a directory by cluster path.",
        discussion: """
            In bytewise order, directories compared with a slash behind their names. Large \
            directories are printed page by page. With '-R' names are paths below the directory.

            EXAMPLES:
              tarn fs ls /data/bucket_a
              tarn fs ls -R /data/bucket_a
              tarn fs ls -l /data/bucket_a/train -o json

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
    var path = "/"

    @Flag(name: .customShort("l"), help: "Print type, size and time too.")
    var isLong = false

    @Flag(name: [.customShort("R"), .long], help: "List everything below it, depth first.")
    var recursive = false

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    var format: OutputFormat { output.output }

    func run(_ session: Session) async throws(CommandFailure) {
        switch format {
        case .json where recursive: try await streamJSON(session)
        case .json: try await printJSON(session)
        case .table: try await printLines(session)
        }
    }

    private func printJSON(_ session: Session) async throws(CommandFailure) {
        var entries: [ListEntryDocument] = []
        try await forEachPage(session) { page in entries += page }
        try Terminal.write(try ClusterClient.encode(entries) + [0x0A])
    }

    /// One array, written as it comes: a whole tree may not fit into memory.
    private func streamJSON(_ session: Session) async throws(CommandFailure) {
        var isFirst = true
        try await forEachPage(session) { (page) throws(CommandFailure) in
            var bytes: [UInt8] = []
            for entry in page {
                bytes += (isFirst ? "[" : ",\n").utf8
                bytes += try ClusterClient.encode(entry)
                isFirst = false
            }
            try Terminal.write(bytes)
        }
        try Terminal.write(isFirst ? "[]\n" : "]\n")
    }

    private func printLines(_ session: Session) async throws(CommandFailure) {
        try await forEachPage(session) { (page) throws(CommandFailure) in
            try Terminal.write(page.map(line).joined())
        }
    }

    /// The entries of a directory, or the file of this path as the only one.
    private func forEachPage(
        _ session: Session,
        _ visit: ([ListEntryDocument]) throws(CommandFailure) -> Void
    ) async throws(CommandFailure) {
        do {
            if recursive {
                var walk = TreeWalk(session.client, root: path)
                try await walk.forEachBatch(visit)
            } else {
                try await session.client.forEachPage(of: path, visit)
            }
        } catch .problem(let document, let received) where document.knownCode == .notFound {
            guard let head = try await session.client.fileHead(path) else {
                throw .problem(document, received: received)
            }
            try visit([FileStat.entry(path, head)])
        }
    }

    private func line(_ entry: ListEntryDocument) -> String {
        let name = TextTable.shown(entry.name) + (entry.type == .directory ? "/" : "")
        guard isLong else { return name + "\n" }
        let size = entry.size.map(String.init) ?? "-"
        let time = entry.modified?.description ?? "-"
        let type = entry.type == .directory ? "d" : "-"
        return "\(type)  \(size.leftPadded(to: 15))  \(time.rightPadded(to: 24))  \(name)\n"
    }
}

extension String {
    fileprivate func leftPadded(to width: Int) -> String {
        String(repeating: " ", count: max(0, width - count)) + self
    }

    fileprivate func rightPadded(to width: Int) -> String {
        self + String(repeating: " ", count: max(0, width - count))
    }
}
