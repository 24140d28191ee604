// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import NIOHTTP1

struct ClusterTransferLeader: ClusterVerb {
    static let configuration = CommandConfiguration(
        commandName: "transfer-leader",
        abstract: "Hand the leadership to another voter.",
        discussion: """
            Without a name the leader chooses the voter that is nearest to its own log.

            EXAMPLES:
              tarn cluster transfer-leader
              tarn cluster transfer-leader w2

            EXIT STATUS:
              0   the other one leads
              3   no worker of that name
              5   no quorum
              7   timed out; the leader stays
              8   nobody reachable
              64  the command line is wrong, or that worker has no vote
            """
    )

    @Argument(help: "Name of the voter that is to lead.")
    var name: String?

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    var format: OutputFormat { output.output }

    func run(_ session: Session) async throws(CommandFailure) {
        let answer = try await session.client.write(
            .POST,
            "/v1/cluster/transfer-leader",
            body: ["to": name].compactMapValues { $0 },
            as: Answer.self
        )
        try session.confirm(answer.bytes, "leader is \(answer.document.leader)")
    }

    private struct Answer: Decodable, Sendable { let leader: String }
}
