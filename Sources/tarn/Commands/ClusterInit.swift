// SPDX-License-Identifier: Apache-2.0

import APIModel
import ArgumentParser
import NIOHTTP1
import Primitives

struct ClusterInit: ClusterVerb {
    static let configuration = CommandConfiguration(
        commandName: "init",
        abstract: "Make one cluster of fresh workers, once.",
        discussion: """
            Asks the workers in 'join' of the asked one, waits up to '--timeout' until it runs and \
            enough of them answer, and returns when all voters have committed their first entry. Run again \
            after a failure it goes on with the same cluster.

            EXAMPLES:
              tarn cluster init
              tarn cluster init --voters 5 --survive region --timing wan

            EXIT STATUS:
              0   the cluster is formed
              4   refused: one of the workers belongs to a cluster already
              7   not enough workers answered in time
              8   nobody reachable, all the time
              64  the command line is wrong
            """
    )

    @Option(
        help: ArgumentHelp(
            "How many workers vote, odd (default: at most 3, by 'join').",
            valueName: "count"
        )
    )
    var voters: Int?

    @Option(
        help: ArgumentHelp("The largest loss to survive.", valueName: "zone|region")
    )
    var survive = Survival.zone

    @Option(help: ArgumentHelp("How far the voters are apart.", valueName: "lan|wan"))
    var timing = Timing.lan

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    enum Survival: String, ExpressibleByArgument, CaseIterable { case zone, region }
    enum Timing: String, ExpressibleByArgument, CaseIterable { case lan, wan }

    var format: OutputFormat { output.output }

    func validate() throws {
        guard voters.map({ (1...7).contains($0) && $0 % 2 == 1 }) ?? true else {
            throw ValidationError("'--voters' must be 1, 3, 5 or 7, got \(voters ?? 0).")
        }
    }

    func run(_ session: Session) async throws(CommandFailure) {
        let request = InitRequest(
            voters: voters,
            survive: survive.rawValue,
            timing: timing.rawValue,
            timeoutMs: connection.timeout.milliseconds
        )
        // The worker counts the time itself and says who is missing; its answer still has to arrive.
        let limit = Timespan(milliseconds: connection.timeout.milliseconds + 5000)
        var call = APICall(method: .POST, target: "/v1/cluster/init")
        call.body = try ClusterClient.encode(request)
        call.awaitsWorkers = true
        let answer = try await session.client.read(call, as: InitAnswer.self, within: limit)
        let cluster = answer.document
        try session.confirm(
            answer.bytes,
            "cluster \(cluster.cluster) formed, voters \(cluster.voters.joined(separator: ", "))\n"
                + "Next: tarn mount add /data/NAME s3://BUCKET"
        )
    }
}
