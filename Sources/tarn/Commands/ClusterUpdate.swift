// SPDX-License-Identifier: Apache-2.0

import APIModel
import ArgumentParser
import NIOHTTP1

struct ClusterUpdate: ClusterVerb {
    static let configuration = CommandConfiguration(
        commandName: "update",
        abstract: "Change which loss the voters are to survive, or how many there are.",
        discussion: """
            Takes the flags of 'init' that may change later. A new goal comes with as many voters as it \
            takes, 3 for a zone and 5 for a region, unless '--voters' says otherwise. Returns at once; the \
            leader then changes the voters one step after the other: 'tarn cluster status' says how far \
            it is, and what it waits for.

            EXAMPLES:
              tarn cluster update --survive region
              tarn cluster update --survive zone --voters 5
              tarn cluster update --forget-wishes

            EXIT STATUS:
              0   written down
              5   no quorum
              7   timed out
              8   nobody reachable
              64  the command line is wrong
            """
    )

    @Option(help: ArgumentHelp("The largest loss to survive.", valueName: "zone|region"))
    var survive: ClusterInit.Survival?

    @Option(help: ArgumentHelp("How many workers vote, odd.", valueName: "count"))
    var voters: Int?

    @Flag(help: "Forget which workers were promoted and demoted.")
    var forgetWishes = false

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    var format: OutputFormat { output.output }

    func validate() throws {
        guard voters.map({ (1...7).contains($0) && $0 % 2 == 1 }) ?? true else {
            throw ValidationError("'--voters' must be 1, 3, 5 or 7, got \(voters ?? 0).")
        }
        guard survive != nil || voters != nil || forgetWishes else {
            throw ValidationError("Give '--survive', '--voters' or '--forget-wishes'.")
        }
    }

    func run(_ session: Session) async throws(CommandFailure) {
        let answer = try await session.client.write(
            .POST,
            "/v1/cluster/update",
            body: ClusterUpdateRequest(
                survive: survive?.rawValue,
                voters: voters,
                forgetWishes: forgetWishes ? true : nil
            ),
            as: ClusterUpdateAnswer.self
        )
        let goal = answer.document
        try session.confirm(
            answer.bytes,
            "\(goal.voters) workers are to vote, and to survive the loss of a \(goal.survive)\n"
                + "Next: tarn cluster status"
        )
    }
}
