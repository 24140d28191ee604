// SPDX-License-Identifier: Apache-2.0

import APIModel
import ArgumentParser
import NIOHTTP1

struct MountUpdate: ClusterVerb {
    static let configuration = CommandConfiguration(
        commandName: "update",
        abstract: "Change some settings of a mount, and leave the others.",
        discussion: """
            Refused when somebody else changes the mount at the same time: nothing is overwritten \
            unseen. An option with an empty value is taken away.

            EXAMPLES:
              tarn mount update /data/bucket_a --replicas 2
              tarn mount update /data/bucket_a --metadata-ttl immutable --barrier
              tarn mount update /data/bucket_a --origin us-west=s3://bucket-a-us

            EXIT STATUS:
              0   changed, or so already
              1   changed by somebody else meanwhile, or the origin does not list
              3   no mount at that path, or no such bucket or directory
              5   no quorum
              6   changed, but with --barrier a worker does not have it yet
              7   timed out
              8   nobody reachable
              9   the origin refuses the credentials
              64  the command line is wrong
            """
    )

    @Argument(help: "Path of the mount, as 'tarn mount list' prints it.")
    var path: String

    @OptionGroup(title: "Mount") var settings: MountSettings

    @Flag(name: .customLong("no-check"), help: "Do not list the origin first.")
    var skipsCheck = false

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    var format: OutputFormat { output.output }

    func run(_ session: Session) async throws(CommandFailure) {
        guard settings.changesSomething else {
            throw .usage("nothing to change is given", next: "tarn mount update --help")
        }
        let there = try await session.client.mount(path)
        let before = there.document
        let request = try settings.request(over: MountRequest(before))
        guard !before.isEqual(to: request) else {
            try await session.passBarrier(settings, before)
            try session.confirm(
                there.bytes,
                "mount \(path) is so already, since revision \(before.modRevision)"
            )
            return
        }
        let stored: Answered<MountDocument> = try await session.client.write(
            .PUT,
            ClusterClient.mountTarget(path, skipsCheck ? .skipped : .made),
            headers: [("If-Match", "\"\(before.modRevision)\"")],
            body: request
        )
        try await session.passBarrier(settings, stored.document)
        try session.confirm(
            stored.bytes,
            "mount \(path) changed at revision \(stored.document.modRevision)"
        )
    }
}

extension MountRequest {
    /// What would store `document` again.
    init(_ document: MountDocument) {
        self.init(
            origin: document.origin,
            options: document.options,
            credential: document.credential,
            regions: document.regions.mapValues { region in
                MountRegionRequest(
                    origin: region.origin,
                    options: region.options,
                    credential: region.credential
                )
            },
            write: document.write,
            replicas: document.replicas,
            metadataTtl: document.metadataTtl,
            onStale: document.onStale
        )
    }
}

extension Session {
    /// With `--barrier`, waits until every living worker answers from the mount's revision or later.
    func passBarrier(
        _ settings: MountSettings,
        _ mount: MountDocument
    ) async throws(CommandFailure) {
        guard settings.barrier else { return }
        let workers = try await client.list("/v1/workers", of: WorkerDocument.self).items
        for worker in workers where worker.liveness != "dead" && worker.state != "removed" {
            try await client.wait(for: mount.modRevision, at: worker)
        }
    }
}
