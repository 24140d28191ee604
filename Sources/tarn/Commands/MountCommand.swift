// SPDX-License-Identifier: Apache-2.0

import APIModel
import ArgumentParser

struct MountCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mount",
        abstract: "Keep the mount table: which path shows which bucket.",
        subcommands: [
            MountAdd.self, MountUpdate.self, MountList.self, MountShow.self, MountRemove.self,
            MountResolve.self, MountHistory.self, MountRollback.self, MountApply.self,
            MountVerify.self,
        ]
    )

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions
}

struct MountList: ClusterVerb {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List all mounts.",
        discussion: """
            EXAMPLES:
              tarn mount list
              tarn mount list -o json

            EXIT STATUS:
              0   printed
              1   not initialised yet
              5   no quorum
              7   timed out
              8   nobody reachable
              64  the command line is wrong
            """
    )

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    var format: OutputFormat { output.output }

    func run(_ session: Session) async throws(CommandFailure) {
        let mounts = try await session.client.list("/v1/mounts", of: MountDocument.self)
        try session.show(mounts.raw) {
            var table = TextTable(
                "PATH",
                "ORIGIN",
                "REGIONS",
                "WRITE",
                "REPLICAS",
                "TTL",
                "REVISION"
            )
            for mount in mounts.items {
                table.add(
                    mount.path,
                    mount.origin,
                    mount.regions.keys.sorted().joined(separator: ","),
                    mount.write,
                    String(mount.replicas),
                    mount.metadataTtl,
                    String(mount.modRevision)
                )
            }
            return table
        }
    }
}

struct MountShow: ClusterVerb {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show everything about one mount.",
        discussion: """
            The credential source is where the asked worker takes the credentials from; their values \
            are never shown.

            EXAMPLES:
              tarn mount show /data/bucket_a
              tarn mount show /data/bucket_a -o json

            EXIT STATUS:
              0   printed
              3   no mount at that path
              5   no quorum
              7   timed out
              8   nobody reachable
              64  the command line is wrong
            """
    )

    @Argument(help: "Path of the mount, as 'tarn mount list' prints it.")
    var path: String

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    var format: OutputFormat { output.output }

    func run(_ session: Session) async throws(CommandFailure) {
        let answer = try await session.client.mount(path)
        try session.show(answer.bytes) { Self.table(answer.document) }
    }

    static func table(_ mount: MountDocument) -> TextTable {
        var table = TextTable("FIELD", "VALUE")
        table.add("path", mount.path)
        table.add("origin", mount.origin)
        for (key, value) in mount.options.sorted(by: { $0.key < $1.key }) {
            table.add("option \(key)", value)
        }
        table.add("credential", mount.credential ?? "")
        table.add("credential source", mount.credentialSource ?? "")
        for (region, change) in mount.regions.sorted(by: { $0.key < $1.key }) {
            table.add("region \(region)", change.origin ?? "")
            for (key, value) in (change.options ?? [:]).sorted(by: { $0.key < $1.key }) {
                table.add("region \(region) option \(key)", value)
            }
            if let credential = change.credential {
                table.add("region \(region) credential", credential)
            }
        }
        table.add("write", mount.write)
        table.add("replicas", String(mount.replicas))
        table.add("metadata-ttl", mount.metadataTtl)
        table.add("on-stale", mount.onStale)
        table.add("created at revision", String(mount.createRevision))
        table.add("changed at revision", String(mount.modRevision))
        return table
    }
}

extension ClusterClient {
    /// Whether a write first sees that the origin lists.
    enum OriginCheck { case made, skipped }

    static func mountTarget(_ path: String, _ check: OriginCheck = .skipped) -> String {
        let isChecked = check == .made ? "true" : nil
        return "/v1/mount" + PercentEncoding.query([("path", path), ("check", isChecked)])
    }

    func mount(_ path: String) async throws(CommandFailure) -> Answered<MountDocument> {
        try await read(.get(Self.mountTarget(path)), as: MountDocument.self)
    }
}
