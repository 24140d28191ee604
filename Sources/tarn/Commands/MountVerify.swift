// SPDX-License-Identifier: Apache-2.0

import APIModel
import ArgumentParser
import ClientRuntime
import Primitives

struct MountVerify: ClusterVerb {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "See whether a mount shows the same objects in every region.",
        discussion: """
            A worker of each region looks at its region's origin itself, past every cache: at names and \
            sizes of a sample (all keys up to 1,000, else 1,000 spread by hash), and at its content: by \
            the stores' own checksums of whole objects where all give the same kind, else by CRC-32C of \
            up to 32 objects, of the first and last MiB of those over 2 MiB. Times and ETags are not \
            compared. At most a million keys are listed in each region.

            EXAMPLES:
              tarn mount verify /data/bucket_a --all-regions
              tarn mount verify /data/bucket_a --all-regions -o json

            EXIT STATUS:
              0   IDENTICAL
              3   no mount at that path
              5   no quorum
              6   DIFFERENT, or INCOMPLETE: a region could not be looked at
              7   timed out
              8   nobody reachable
              64  the command line is wrong
            """
    )

    @Argument(help: "Path of the mount, as 'tarn mount list' prints it.")
    var path: String

    @Flag(name: .customLong("all-regions"), help: "Compare every region that has workers.")
    var allRegions = false

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    var format: OutputFormat { output.output }

    func validate() throws {
        guard allRegions else {
            throw ValidationError("Say what to compare: --all-regions.")
        }
    }

    func run(_ session: Session) async throws(CommandFailure) {
        let mount = try await session.client.mount(path).document
        let workers = try await session.client.list("/v1/workers", of: WorkerDocument.self).items
        let inhabited = Set(workers.filter { $0.state != "removed" }.map(\.region))
        let verification = await MountVerification(
            of: mount,
            inhabited: inhabited.sorted(),
            session.client
        )
        switch session.format {
        case .json:
            let document = MountVerifyDocument(mount, verification)
            try Terminal.write(try ClusterClient.encode(document) + [0x0A])
        case .table:
            try Terminal.write(Self.table(verification).text(session.style))
            try Terminal.write("\n" + Self.findings(verification))
        }
        guard verification.verdict == .identical else { throw .silent(status: 6) }
    }

    // MARK: - Private

    /// Differences that are printed; all of them are in the JSON document.
    private static let lineLimit = 50

    private static func table(_ verification: MountVerification) -> TextTable {
        var table = TextTable(
            "REGION",
            "ORIGIN",
            "REVISION",
            "WORKER",
            "REACHABLE",
            "OBJECTS",
            "BYTES"
        )
        for region in verification.regions {
            let names = region.names
            table.add(
                region.region,
                region.origin ?? "",
                region.modRevision.map { "\($0)" } ?? "",
                region.worker ?? "",
                region.hasNoWorker ? "no worker in this region" : region.problem ?? "yes",
                region.isCompared ? "\(names.objects)" + (region.isPartial ? "+" : "") : "",
                region.isCompared ? "\(names.bytes)" : ""
            )
        }
        return table
    }

    private static func findings(_ verification: MountVerification) -> String {
        let comparison = verification.comparison
        var lines = ["compared: " + comparison.summary]
        lines += comparison.differences.prefix(lineLimit).map(\.text)
        if comparison.differences.count > lineLimit {
            lines.append("… and \(comparison.differences.count - lineLimit) more; -o json has all")
        }
        lines.append(verification.verdict.rawValue)
        return lines.map { $0 + "\n" }.joined()
    }
}

extension OriginComparison {
    /// What was compared.
    var summary: String {
        var parts = ["names and sizes of \(nameCount) objects"]
        for (kind, count) in checksumCounts.sorted(by: { $0.key < $1.key }) {
            parts.append("\(kind) of \(count) by the stores")
        }
        if contentCount > 0 { parts.append("content of \(contentCount)") }
        return parts.joined(separator: ", ")
    }
}

/// What `mount verify -o json` prints.
struct MountVerifyDocument: Encodable {
    struct Region: Encodable {
        let region: String
        let reachable: Bool
        @Nullable var problem: String?
        @Nullable var worker: String?
        @Nullable var origin: String?
        @Nullable var modRevision: UInt64?
        let objects: UInt64
        let bytes: UInt64
        /// Whether there are more objects than were listed.
        let partial: Bool
    }

    struct Compared: Encodable {
        let names: Int
        /// Objects that a checksum of this kind decided.
        let checksums: [String: Int]
        let content: Int
    }

    let path: String
    let modRevision: UInt64
    let verdict: MountVerification.Verdict
    let regions: [Region]
    let compared: Compared
    let differences: [OriginDifference]

    init(_ mount: MountDocument, _ verification: MountVerification) {
        path = mount.path
        modRevision = mount.modRevision
        verdict = verification.verdict
        differences = verification.comparison.differences
        compared = Compared(
            names: verification.comparison.nameCount,
            checksums: verification.comparison.checksumCounts,
            content: verification.comparison.contentCount
        )
        regions = verification.regions.map { region in
            Region(
                region: region.region,
                reachable: region.isCompared,
                problem: region.hasNoWorker ? "no worker in this region" : region.problem,
                worker: region.worker,
                origin: region.origin,
                modRevision: region.modRevision,
                objects: region.names.objects,
                bytes: region.names.bytes,
                partial: region.isPartial
            )
        }
    }
}
