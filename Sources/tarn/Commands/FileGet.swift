// SPDX-License-Identifier: Apache-2.0

import APIModel
import ArgumentParser
import Foundation
import Primitives

struct FileGet: ClusterVerb {
    static let configuration = CommandConfiguration(
        commandName: "get",
        abstract: "Copy a file, or with -r a directory, to this machine.",
        discussion: """
            A file appears at its place only when it is complete and has the length and the time \
            that the cluster says. DEST may be a directory; without it the copy goes here.

            EXAMPLES:
              tarn fs get /data/bucket_a/labels.csv
              tarn fs get -r /data/bucket_a/train /scratch/train

            EXIT STATUS:
              0   everything was copied
              1   a file changed, cannot be written here, or the origin failed
              3   nothing at that path
              6   some names cannot exist on this file system and were left out
              7   timed out
              8   nobody reachable
              9   the origin refuses the credentials
              64  the command line is wrong
            """
    )

    @Argument(help: "Cluster path.")
    var path: String

    @Argument(help: "File or directory on this machine.")
    var destination: String?

    @Flag(name: .shortAndLong, help: "Copy a directory with everything below it.")
    var recursive = false

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    var format: OutputFormat { output.output }

    func run(_ session: Session) async throws(CommandFailure) {
        var report = GetReport()
        var progress = Progress(isQuiet: session.isQuiet)
        do {
            if recursive {
                let root = try directoryDestination()
                try await copyTree(session, path, to: root, &report, &progress)
            } else {
                let place = try fileDestination()
                try await copyFile(session, path, to: place, &report, &progress)
            }
        } catch {
            progress.end()
            throw error
        }
        progress.end()
        switch format {
        case .json: try Terminal.write(try ClusterClient.encode(report) + [0x0A])
        case .table:
            let files = report.files == 1 ? "1 file" : "\(report.files) files"
            session.remark("\(files), \(ByteCount(report.bytes)) copied")
        }
        guard report.leftOut.isEmpty else {
            throw .partly(
                "\(report.leftOut.count) names left out: "
                    + report.leftOut.prefix(3).joined(separator: ", "),
                next: "tarn fs ls \(path)"
            )
        }
    }

    private func copyFile(
        _ session: Session,
        _ source: String,
        to place: String,
        _ report: inout GetReport,
        _ progress: inout Progress
    ) async throws(CommandFailure) {
        let download = Download(client: session.client, path: source, destination: place)
        report.bytes += try await download.run(&progress, isExpected: recursive)
        report.files += 1
    }

    /// Depth is bounded by the file system's longest path, breadth by memory for one page at a time.
    private func copyTree(
        _ session: Session,
        _ source: String,
        to place: String,
        _ report: inout GetReport,
        _ progress: inout Progress
    ) async throws(CommandFailure) {
        var pending = [(source: source, place: place)]
        while let next = pending.popLast() {
            try Self.makeDirectory(next.place)
            var after: String?
            repeat {
                let page = try await session.client.directoryPage(next.source, after: after)
                    .document
                for entry in page.entries { progress.expect(entry.size ?? 0) }
                for entry in page.entries {
                    let from = next.source.appending(component: entry.name)
                    guard LocalName.isUsable(entry.name) else {
                        report.leftOut.append(TextTable.shown(from))
                        continue
                    }
                    let to = next.place.appending(component: entry.name)
                    switch entry.type {
                    case .directory: pending.append((from, to))
                    case .file: try await copyFile(session, from, to: to, &report, &progress)
                    }
                }
                guard page.next != after || after == nil else {
                    throw .badAnswer("the list of \(next.source) answers the same page again")
                }
                after = page.next
            } while after != nil
        }
    }

    // MARK: - Destinations

    private func fileDestination() throws(CommandFailure) -> String {
        guard let name = path.split(separator: "/").last.map(String.init), !path.hasSuffix("/"),
            LocalName.isUsable(name)
        else { throw .usage("'\(path)' is no name of a file; give -r for a directory") }
        guard let destination else { return name }
        return Self.isDirectory(destination) ? destination.appending(component: name) : destination
    }

    private func directoryDestination() throws(CommandFailure) -> String {
        if let destination { return destination }
        guard let name = path.split(separator: "/").last.map(String.init), LocalName.isUsable(name)
        else { throw .usage("'\(path)' has no name to copy to; give DEST") }
        return name
    }

    private static func isDirectory(_ path: String) -> Bool {
        var isDirectory: ObjCBool = false
        return unsafe FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory)
            && isDirectory.boolValue
    }

    private static func makeDirectory(_ path: String) throws(CommandFailure) {
        do {
            try FileManager.default.createDirectory(
                atPath: path,
                withIntermediateDirectories: true
            )
        } catch {
            throw .local("\(path): the directory cannot be made")
        }
    }
}

/// What `fs get -o json` prints.
struct GetReport: Codable, Sendable {
    var files = 0
    var bytes: UInt64 = 0
    var leftOut: [String] = []
}

/// Names that may be used on this machine: nothing from a bucket leaves the destination.
package enum LocalName {
    package static func isUsable(_ name: String) -> Bool {
        !name.isEmpty && name != "." && name != ".." && name.utf8.count <= 255
            && !name.utf8.contains(0) && !name.utf8.contains(UInt8(ascii: "/"))
    }
}
