// SPDX-License-Identifier: Apache-2.0

import APIModel
import ArgumentParser
import Primitives

struct RingCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ring",
        abstract: "See which worker owns what.",
        subcommands: [RingShow.self, RingPlan.self, RingExplain.self, RingForce.self]
    )

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions
}

struct RingShow: ClusterVerb {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show the members of a region's ring and their shares.",
        discussion: """
            EXAMPLES:
              tarn ring show
              tarn ring show --region us-west -o json

            EXIT STATUS:
              0   printed
              3   no such region
              5   no quorum
              7   timed out
              8   nobody reachable
              64  the command line is wrong
            """
    )

    @Option(help: ArgumentHelp("The region (default: the asked worker's).", valueName: "name"))
    var region: String?

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    var format: OutputFormat { output.output }

    func run(_ session: Session) async throws(CommandFailure) {
        let target = "/v1/ring" + PercentEncoding.query([("region", region)])
        let answer = try await session.client.read(.get(target), as: RingDocument.self)
        let ring = answer.document
        guard session.format == .table else {
            return try session.show(answer.bytes) { TextTable("") }
        }
        let workers = try await session.client.list("/v1/workers", of: WorkerDocument.self)
        try Terminal.write("region \(ring.region), epoch \(ring.epoch), \(Self.state(ring))\n\n")
        try session.show(answer.bytes) {
            var table = TextTable("WORKER", "ID", "ZONE", "CAPACITY", "POINTS", "SHARE", "USED")
            for worker in ring.workers {
                let used = workers.items.first { $0.id == worker.id }?.used
                table.add(
                    worker.name,
                    String(worker.id),
                    worker.zone,
                    ByteCount(worker.capacity).description,
                    String(worker.vnodes),
                    RingPlanText.share(worker.share),
                    used.map { ByteCount($0).description } ?? ""
                )
            }
            return table
        }
    }

    private static func state(_ ring: RingDocument) -> String {
        if !ring.heldFor.isEmpty {
            return "held: \(ring.heldFor.joined(separator: ", ")) silent (tarn ring force)"
        }
        return ring.settled ? "settled" : "handing over from \(ring.previous.count) before"
    }
}

struct RingExplain: ClusterVerb {
    static let configuration = CommandConfiguration(
        commandName: "explain",
        abstract: "Say who owns a byte of a file, and who has it.",
        discussion: """
            OFFSET is a number of bytes or a size such as 64MiB. A path that itself ends with a \
            colon and digits needs an offset behind it.

            EXAMPLES:
              tarn ring explain /data/bucket_a/train/000.tar
              tarn ring explain /data/bucket_a/train/000.tar:128MiB

            EXIT STATUS:
              0   printed
              3   no such path
              7   timed out
              8   nobody reachable
              64  the command line is wrong
            """
    )

    @Argument(help: ArgumentHelp("Cluster path.", valueName: "path[:offset]"))
    var target: String

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    var format: OutputFormat { output.output }

    func run(_ session: Session) async throws(CommandFailure) {
        let place = PathOffset(target)
        let query = PercentEncoding.query([
            ("path", place.path), ("offset", String(place.offset)),
        ])
        let answer = try await session.client.read(
            .get("/v1/locate" + query),
            as: LocateDocument.self
        )
        try session.show(answer.bytes) { Self.table(answer.document) }
    }

    private static func table(_ place: LocateDocument) -> TextTable {
        var table = TextTable("FIELD", "VALUE")
        table.add("path", place.path)
        table.add("offset", String(place.offset))
        table.add("unit", String(place.unit))
        table.add("hash", place.hash)
        table.add("epoch", String(place.epoch))
        table.add("owners", place.owners.joined(separator: ", "))
        table.add("previous owners", place.previousOwners.joined(separator: ", "))
        table.add("cached on", place.cachedOn.joined(separator: ", "))
        return table
    }
}

/// `PATH[:OFFSET]`, the offset in bytes or as a size.
package struct PathOffset: Hashable, Sendable {
    package let path: String
    package let offset: UInt64

    package init(_ text: String) {
        if let colon = text.lastIndex(of: ":") {
            let tail = String(text[text.index(after: colon)...])
            if let offset = UInt64(tail) ?? ByteCount(tail)?.bytes {
                (path, self.offset) = (String(text[..<colon]), offset)
                return
            }
        }
        (path, offset) = (text, 0)
    }
}
