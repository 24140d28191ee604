// SPDX-License-Identifier: Apache-2.0

import APIModel
import ArgumentParser
import NIOHTTP1
import Primitives

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
              6   changed, but with --barrier a region does not have it yet
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
    /// With `--barrier`, waits until every region has the mount's revision, or cannot use what was there
    /// before; the asked worker does the waiting.
    ///
    /// - Throws: ``CommandFailure/partly(_:next:)`` naming the regions and workers that may still use it.
    func passBarrier(
        _ settings: MountSettings,
        _ mount: MountDocument
    ) async throws(CommandFailure) {
        guard settings.barrier else { return }
        let waited = try await client.barrier(mount.path)
        for region in waited.regions where region.state == .expired {
            remark(
                "region \(region.region): \(region.missing.joined(separator: ", ")) has it not, and "
                    + "uses nothing older any more (on-stale)"
            )
        }
        let late = waited.regions.filter { $0.state == .missing }
        guard !late.isEmpty else { return }
        let places = late.map { region in
            "region \(region.region): \(region.missing.joined(separator: ", "))"
        }
        throw .partly(
            "stored at revision \(mount.modRevision), but not everywhere yet; "
                + places.joined(separator: "; "),
            next: "tarn worker list"
        )
    }
}

extension ClusterClient {
    /// Which regions have a mount as it is now, once all have it or the time is over.
    fileprivate func barrier(_ path: String) async throws(CommandFailure) -> BarrierDocument {
        // The answer has to be on its way before this side stops waiting for it.
        let patience = max(1, timeout.milliseconds - min(1000, timeout.milliseconds / 4))
        let query = PercentEncoding.query([
            ("path", path), ("consistency", "local"), ("barrier", "true"),
            ("barrierTimeoutMs", String(min(patience, 600_000))),
        ])
        let answer = try await read(.get("/v1/mount" + query), as: MountDocument.self)
        guard let barrier = answer.document.barrier else {
            throw .badAnswer("the asked worker knows no barrier")
        }
        return barrier
    }
}
