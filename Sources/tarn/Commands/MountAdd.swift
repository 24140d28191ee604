// SPDX-License-Identifier: Apache-2.0

import APIModel
import ArgumentParser
import NIOHTTP1

struct MountAdd: ClusterVerb {
    static let configuration = CommandConfiguration(
        commandName: "add",
        abstract: "Show a bucket or directory at a path, on every worker.",
        discussion: """
            The asked worker first lists the origin with the credential it would use, and fails \
            with the store's own error code. An equal mount at that path is no error.

            EXAMPLES:
              tarn mount add /data/bucket_a s3://bucket-a --option region=us-west-2
              tarn mount add /data/train s3://lake/train --origin eu=s3://lake-eu
              tarn mount add /data/local file:///srv/samples --no-check

            EXIT STATUS:
              0   added, or there already
              1   another mount is at that path, or the origin does not list
              3   no such bucket or directory
              5   no quorum
              6   added, but with --barrier a region does not have it yet
              7   timed out
              8   nobody reachable
              9   the origin refuses the credentials
              64  the command line is wrong
            """
    )

    @Argument(help: "Cluster path, such as /data/bucket_a.")
    var path: String

    @Argument(help: "s3://BUCKET[/PREFIX] or file:///DIRECTORY.")
    var uri: String

    @OptionGroup(title: "Mount") var settings: MountSettings

    @Flag(name: .customLong("no-check"), help: "Do not list the origin first.")
    var skipsCheck = false

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    var format: OutputFormat { output.output }

    func run(_ session: Session) async throws(CommandFailure) {
        let request = try settings.request(over: MountRequest(origin: uri))
        let stored: Answered<MountDocument>
        do {
            stored = try await session.client.write(
                .PUT,
                ClusterClient.mountTarget(path, skipsCheck ? .skipped : .made),
                body: request
            )
        } catch {
            try await settle(error, request, session)
            return
        }
        try await session.passBarrier(settings, stored.document)
        try session.confirm(
            stored.bytes,
            "mount \(path) added at revision \(stored.document.modRevision)\n"
                + "Next: tarn fs ls \(path)"
        )
    }

    /// An equal mount is what was asked for; anything else is the error that was answered.
    private func settle(
        _ failure: CommandFailure,
        _ request: MountRequest,
        _ session: Session
    ) async throws(CommandFailure) {
        guard case .problem(let document, _) = failure, document.knownCode == .mountExists else {
            throw failure
        }
        let there = try await session.client.mount(path)
        guard there.document.isEqual(to: request) else { throw failure }
        try await session.passBarrier(settings, there.document)
        try session.confirm(
            there.bytes,
            "mount \(path) exists and is equal, at revision \(there.document.modRevision)"
        )
    }
}

extension MountSettings {
    /// The flags over `mount`, with errors as the command line reports them.
    func request(over mount: MountRequest) throws(CommandFailure) -> MountRequest {
        var request = mount
        do {
            try apply(to: &request)
        } catch {
            throw .usage("\(error)")
        }
        return request
    }
}
