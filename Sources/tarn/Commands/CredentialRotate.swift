// SPDX-License-Identifier: Apache-2.0

import APIModel
import ArgumentParser
import NIOHTTP1

struct CredentialRotate: ClusterVerb {
    static let configuration = CommandConfiguration(
        commandName: "rotate",
        abstract: "Seal every credential with the first key, and say which keys may go.",
        discussion: """
            The values stay as they are. Before, every worker must have the new key; until then a \
            worker without it cannot open what is sealed with it. Safe to run again.

            EXAMPLES:
              tarn credential rotate

            EXIT STATUS:
              0   everything is sealed with the first key
              4   refused: the asked worker has no key to seal with
              5   no quorum; what was done so far stays
              6   some could not be sealed; the table says why
              7   timed out
              8   nobody reachable
              64  the command line is wrong
            """
    )

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    var format: OutputFormat { output.output }

    func run(_ session: Session) async throws(CommandFailure) {
        let answer = try await session.client.read(
            APICall(method: .POST, target: "/v1/credentials/rotate"),
            as: CredentialRotationDocument.self
        )
        let rotation = answer.document
        try session.show(answer.bytes) {
            var table = TextTable("NAME", "OUTCOME", "KEY", "WHY")
            for item in rotation.items {
                table.add(item.name, item.outcome.rawValue, item.keyId, item.reason ?? "")
            }
            return table
        }
        for key in rotation.unusedKeyIds {
            session.remark(
                "key \(key) is not needed any more, but by backups taken before: take it out of "
                    + "every worker's credential-key-file"
            )
        }
        let failed = rotation.items.filter { $0.outcome == .failed }
        guard failed.isEmpty else {
            throw .partly(
                "\(failed.count) of \(rotation.items.count) could not be sealed with key "
                    + "\(rotation.keyId): \(failed.map(\.name).joined(separator: ", "))",
                next: "tarn credential list"
            )
        }
    }
}
