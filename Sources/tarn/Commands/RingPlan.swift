// SPDX-License-Identifier: Apache-2.0

import APIModel
import ArgumentParser
import NIOHTTP1
import Primitives

struct RingPlan: ClusterVerb {
    static let configuration = CommandConfiguration(
        commandName: "plan",
        abstract: "Say what adding, draining, removing or re-weighting workers would move.",
        discussion: """
            Changes nothing. Several changes are thought through together. Bytes are estimates: a \
            worker's pages are taken to be spread evenly over its part of the ring.

            EXAMPLES:
              tarn ring plan --add w5=800GiB
              tarn ring plan --drain w1 --drain w2 --add w5=1TiB
              tarn ring plan --reweight w3=400GiB
              tarn ring plan --remove w2 --region us-west

            EXIT STATUS:
              0   it fits
              3   no such worker or region
              4   it would be refused: no room, or too few workers left
              5   no quorum
              7   timed out
              8   nobody reachable
              64  the command line is wrong
            """
    )

    @Option(help: ArgumentHelp("A worker that joins.", valueName: "name=capacity"))
    var add: [WeightedName] = []

    @Option(help: ArgumentHelp("A worker that gives its pages away.", valueName: "name"))
    var drain: [String] = []

    @Option(help: ArgumentHelp("A worker that is lost with its pages.", valueName: "name"))
    var remove: [String] = []

    @Option(help: ArgumentHelp("A worker of another capacity.", valueName: "name=capacity"))
    var reweight: [WeightedName] = []

    @Option(help: ArgumentHelp("The region (default: the asked worker's).", valueName: "name"))
    var region: String?

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    var format: OutputFormat { output.output }

    private var changes: [RingPlanRequest.Change] {
        add.map { .init(action: "add", name: $0.name, capacity: $0.capacity.bytes) }
            + reweight.map { .init(action: "reweight", name: $0.name, capacity: $0.capacity.bytes) }
            + drain.map { .init(action: "drain", name: $0) }
            + remove.map { .init(action: "remove", name: $0) }
    }

    func validate() throws {
        guard !changes.isEmpty else {
            throw ValidationError("Give '--add', '--drain', '--remove' or '--reweight'.")
        }
    }

    func run(_ session: Session) async throws(CommandFailure) {
        let plan = try await session.client.write(
            .POST,
            "/v1/ring/plan" + PercentEncoding.query([("region", region)]),
            body: RingPlanRequest(changes: changes),
            as: RingPlanDocument.self
        )
        if session.format == .table { try Terminal.write(RingPlanText.lines(plan.document)) }
        try session.show(plan.bytes) { RingPlanText.table(plan.document) }
        if !plan.document.refusals.isEmpty { throw .silent(status: 4) }
    }
}

/// `w5=800GiB`.
struct WeightedName: ExpressibleByArgument, Sendable {
    let name: String
    let capacity: ByteCount

    init?(argument: String) {
        let parts = argument.split(separator: "=", maxSplits: 1)
        guard parts.count == 2, let capacity = ByteCount(String(parts[1])) else { return nil }
        name = String(parts[0])
        self.capacity = capacity
    }
}

struct RingForce: ClusterVerb {
    static let configuration = CommandConfiguration(
        commandName: "force",
        abstract: "Have a ring that is held go on without the workers that fell silent.",
        discussion: """
            A ring is held when more than a third of a region's workers fall silent within a minute: \
            that is more often a fault of the network than of the workers. Meanwhile reads go on, \
            and nothing moves. See to the workers first; they come back by themselves.

            EXAMPLES:
              tarn ring force
              tarn ring force --region us-west

            EXIT STATUS:
              0   released, or it was not held
              3   no such region
              5   no quorum
              7   timed out
              8   nobody reachable
              64  the command line is wrong
            """
    )

    @Option(help: ArgumentHelp("The region (default: the asked worker's).", valueName: "name"))
    var region: String?

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    var format: OutputFormat { output.output }

    func run(_ session: Session) async throws(CommandFailure) {
        let answer = try await session.client.read(
            APICall(
                method: .POST,
                target: "/v1/ring/force" + PercentEncoding.query([("region", region)])
            ),
            as: RingDocument.self
        )
        let ring = answer.document
        try session.confirm(
            answer.bytes,
            "the ring of \(ring.region) is at epoch \(ring.epoch) with "
                + "\(ring.workers.count) workers"
        )
    }
}
