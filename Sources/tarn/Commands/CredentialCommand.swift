// SPDX-License-Identifier: Apache-2.0

import APIModel
import ArgumentParser
import NIOHTTP1

struct CredentialCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "credential",
        abstract: "Keep what mounts sign their requests with, sealed, on every worker.",
        subcommands: [
            CredentialPut.self, CredentialList.self, CredentialRemove.self, CredentialRotate.self,
        ]
    )

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions
}

struct CredentialPut: ClusterVerb {
    static let configuration = CommandConfiguration(
        commandName: "put",
        abstract: "Keep a credential under a name, or replace it.",
        discussion: """
            Mounts name it with --credential. The asked worker seals it with the first key of its \
            credential-key-file; the value is never shown again. Workers sign with the new value from \
            their next request on, without a restart. A value on a command line shows in the list of \
            processes: give a file, or variables without their values.

            EXAMPLES:
              tarn credential put lake-key --from-file lake.key
              tarn credential put lake-key --from-env AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY

            EXIT STATUS:
              0   kept
              1   failed
              4   refused: the asked worker has no key to seal with
              5   no quorum
              7   timed out
              8   nobody reachable
              64  the command line is wrong, or there is no credential in the file
            """
    )

    @Argument(help: "Name that mounts refer to.")
    var name: String

    @OptionGroup var input: CredentialInput
    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    var format: OutputFormat { output.output }

    func run(_ session: Session) async throws(CommandFailure) {
        let stored: Answered<CredentialDocument> = try await session.client.write(
            .PUT,
            ClusterClient.credentialTarget(name),
            body: try input.read()
        )
        let what = stored.status == 201 ? "kept" : "replaced"
        let credential = stored.document
        try session.confirm(
            stored.bytes,
            "credential \(name) \(what) at revision \(credential.modRevision), sealed with key "
                + credential.keyId
        )
    }
}

struct CredentialList: ClusterVerb {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the credentials that the cluster keeps, without their values.",
        discussion: """
            Those of a worker's own configuration are not among them; 'tarn mount show' says which a \
            mount uses.

            EXAMPLES:
              tarn credential list
              tarn credential list -o json

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
        let found = try await session.client.list("/v1/credentials", of: CredentialDocument.self)
        for credential in found.items {
            if let obstacle = credential.obstacle { session.remark("\(obstacle)") }
        }
        try session.show(found.raw) {
            var table = TextTable("NAME", "KEY", "OPENS", "FIELDS", "MOUNTS", "REVISION")
            for credential in found.items {
                table.add(
                    credential.name,
                    credential.keyId,
                    credential.obstacle == nil ? "yes" : "no",
                    credential.fields.joined(separator: ","),
                    credential.users,
                    String(credential.modRevision)
                )
            }
            return table
        }
    }
}

extension ClusterClient {
    static func credentialTarget(_ name: String, force: Bool? = nil) -> String {
        let forced = force == true ? "true" : nil
        return "/v1/credential" + PercentEncoding.query([("name", name), ("force", forced)])
    }
}

extension CredentialDocument {
    /// The first mounts that name it, and how many more do.
    var users: String {
        let shown = (mounts ?? []).prefix(5)
        let others = (mountCount ?? 0) - shown.count
        return shown.joined(separator: ",") + (others > 0 ? " and \(others) more" : "")
    }
}
