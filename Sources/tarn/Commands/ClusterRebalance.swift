// SPDX-License-Identifier: Apache-2.0

import APIModel
import ArgumentParser
import NIOHTTP1
import Primitives

struct ClusterRebalance: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rebalance",
        abstract: "See and steer how pages move between workers.",
        subcommands: [
            RebalanceStatus.self, RebalancePause.self, RebalanceResume.self, RebalanceRate.self,
        ]
    )

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions
}

struct RebalanceStatus: ClusterVerb {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Say what is under way, and what it waits for.",
        discussion: """
            EXAMPLES:
              tarn cluster rebalance status
              tarn cluster rebalance status -o json

            EXIT STATUS:
              0   printed
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
        let answer = try await session.client.read(
            .get("/v1/cluster/rebalance"),
            as: RebalanceDocument.self
        )
        if session.format == .table {
            let state = answer.document.paused ? "paused" : "running"
            try Terminal.write(
                "\(state), each worker sends up to \(RingPlanText.rate(answer.document.rate))\n\n"
            )
        }
        try session.show(answer.bytes) { Self.table(answer.document) }
    }

    private static func table(_ rebalance: RebalanceDocument) -> TextTable {
        var table = TextTable("REGION", "EPOCH", "STATE", "LEFT", "BYTES", "WAITS FOR")
        for region in rebalance.regions {
            let state =
                !region.heldFor.isEmpty
                ? "held" : region.settled ? "settled" : "\(region.unsettled) unsettled"
            table.add(
                region.region,
                String(region.epoch),
                state,
                String(region.remainingPages),
                ByteCount(region.remainingBytes).description,
                (region.heldFor.isEmpty ? region.waitsFor : region.heldFor)
                    .joined(separator: " ")
            )
        }
        return table
    }
}

struct RebalancePause: ClusterVerb {
    static let configuration = CommandConfiguration(
        commandName: "pause",
        abstract: "Have no page move until 'resume'; readers are served from where pages are.",
        discussion: """
            EXAMPLES:
              tarn cluster rebalance pause

            EXIT STATUS:
              0   paused
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
        let answer = try await session.setRebalance(RebalanceRequest(paused: true))
        try session.confirm(answer.bytes, "paused\nNext: tarn cluster rebalance resume")
    }
}

struct RebalanceResume: ClusterVerb {
    static let configuration = CommandConfiguration(
        commandName: "resume",
        abstract: "Have pages move again.",
        discussion: """
            EXAMPLES:
              tarn cluster rebalance resume

            EXIT STATUS:
              0   resumed
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
        let answer = try await session.setRebalance(RebalanceRequest(paused: false))
        try session.confirm(answer.bytes, "resumed")
    }
}

struct RebalanceRate: ClusterVerb {
    static let configuration = CommandConfiguration(
        commandName: "rate",
        abstract: "Set how many bytes a second each worker may send to others.",
        discussion: """
            Takes effect at once, also for what is under way. At least 1 MiB.

            EXAMPLES:
              tarn cluster rebalance rate 500MiB

            EXIT STATUS:
              0   set
              5   no quorum
              7   timed out
              8   nobody reachable
              64  the command line is wrong
            """
    )

    @Argument(help: "Bytes a second, such as 500MiB.")
    var bytes: ByteAmount

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    var format: OutputFormat { output.output }

    func run(_ session: Session) async throws(CommandFailure) {
        let answer = try await session.setRebalance(RebalanceRequest(rate: bytes.bytes))
        try session.confirm(
            answer.bytes,
            "each worker sends up to \(RingPlanText.rate(answer.document.rate))"
        )
    }
}

extension Session {
    fileprivate func setRebalance(
        _ request: RebalanceRequest
    ) async throws(CommandFailure) -> Answered<RebalanceDocument> {
        try await client.write(
            .POST,
            "/v1/cluster/rebalance",
            body: request,
            as: RebalanceDocument.self
        )
    }
}
