// SPDX-License-Identifier: Apache-2.0

import APIModel
import ArgumentParser
import NIOHTTP1

struct MountRemove: ClusterVerb {
    static let configuration = CommandConfiguration(
        commandName: "remove",
        abstract: "Take a mount away; the bucket stays as it is.",
        discussion: """
            Asks for the path once more. Readers of the path then find nothing there; cached pages \
            are freed in time.

            EXAMPLES:
              tarn mount remove /data/bucket_a
              tarn mount remove /data/bucket_a --yes

            EXIT STATUS:
              0   removed
              3   no mount at that path
              5   no quorum
              7   timed out
              8   nobody reachable
              64  the command line is wrong, or there is no terminal to ask on
            """
    )

    @Argument(help: "Path of the mount, as 'tarn mount list' prints it.")
    var path: String

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    var format: OutputFormat { output.output }

    func run(_ session: Session) async throws(CommandFailure) {
        try session.confirmByName(
            "The mount \(TextTable.shown(path)) will be taken away on every worker.",
            name: path
        )
        let answer = try await session.client.read(
            APICall(method: .DELETE, target: ClusterClient.mountTarget(path)),
            as: MountDocument.self
        )
        try session.confirm(
            answer.bytes,
            "mount \(path) removed; it showed \(answer.document.origin)"
        )
    }
}

struct MountResolve: ClusterVerb {
    static let configuration = CommandConfiguration(
        commandName: "resolve",
        abstract: "Say which object of which store a path is.",
        discussion: """
            EXAMPLES:
              tarn mount resolve /data/bucket_a/train/000.tar
              tarn mount resolve /data/bucket_a/labels.csv --region us-west

            EXIT STATUS:
              0   printed
              3   no mount above that path
              5   no quorum
              7   timed out
              8   nobody reachable
              64  the command line is wrong
            """
    )

    @Argument(help: "Cluster path.")
    var path: String

    @Option(help: ArgumentHelp("The region (default: the asked worker's).", valueName: "name"))
    var region: String?

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    var format: OutputFormat { output.output }

    func run(_ session: Session) async throws(CommandFailure) {
        let query = PercentEncoding.query([("path", path), ("region", region)])
        let answer = try await session.client.read(
            .get("/v1/resolve" + query),
            as: ResolveDocument.self
        )
        let place = answer.document
        try session.show(answer.bytes) {
            var table = TextTable("PATH", "MOUNT", "REGION", "ORIGIN", "REVISION")
            table.add(place.path, place.mount, place.region, place.origin, String(place.revision))
            return table
        }
    }
}
