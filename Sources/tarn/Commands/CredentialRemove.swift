// SPDX-License-Identifier: Apache-2.0

import APIModel
import ArgumentParser
import NIOHTTP1

struct CredentialRemove: ClusterVerb {
    static let configuration = CommandConfiguration(
        commandName: "remove",
        abstract: "Take a credential away from every worker.",
        discussion: """
            Asks first. Refused while mounts name it, because they could not be read any more; the \
            refusal says which. With --force it goes all the same: those mounts then sign with a \
            credential of that name in the worker's own configuration, or fail.

            EXAMPLES:
              tarn credential remove lake-key
              tarn credential remove lake-key --force --yes

            EXIT STATUS:
              0   removed
              1   the question was answered with no; nothing done
              3   no credential of that name
              4   refused: mounts name it
              5   no quorum
              7   timed out
              8   nobody reachable
              64  the command line is wrong, or there is no terminal to ask on
            """
    )

    @Argument(help: "Name, as 'tarn credential list' prints it.")
    var name: String

    @Flag(help: "Although mounts name it.")
    var force = false

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    var format: OutputFormat { output.output }

    func run(_ session: Session) async throws(CommandFailure) {
        let target = ClusterClient.credentialTarget(name)
        let there = try await session.client.read(.get(target), as: CredentialDocument.self)
        let users = there.document.users
        let consequence = users.isEmpty ? "No mount names it." : "These mounts name it: \(users)."
        try session.confirm(
            "Credential \(TextTable.shown(name)) will be removed from the cluster. \(consequence)"
        )
        let answer = try await session.client.read(
            APICall(
                method: .DELETE,
                target: ClusterClient.credentialTarget(name, force: force)
            ),
            as: CredentialDocument.self
        )
        try session.confirm(answer.bytes, "credential \(name) removed")
    }
}
