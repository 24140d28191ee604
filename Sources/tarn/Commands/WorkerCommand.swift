// SPDX-License-Identifier: Apache-2.0

import APIModel
import ArgumentParser
import Primitives

struct WorkerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "worker",
        abstract: "Run a worker, and look at the workers of the cluster.",
        subcommands: [
            WorkerStart.self, WorkerList.self, WorkerShow.self, WorkerDrain.self,
            WorkerUndrain.self, WorkerRemove.self,
        ]
    )

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions
}

struct WorkerList: ClusterVerb {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the workers of the cluster.",
        discussion: """
            EXAMPLES:
              tarn worker list
              tarn worker list --addr 10.0.1.11:7400,10.0.1.12:7400 -o json

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
        let workers = try await session.client.list("/v1/workers", of: WorkerDocument.self)
        try session.show(workers.raw) {
            var table = TextTable(
                "NAME",
                "REGION",
                "ZONE",
                "STATE",
                "LIVENESS",
                "ROLE",
                "USED",
                "CAPACITY",
                "ADDRESS"
            )
            for worker in workers.items {
                table.add(
                    worker.name,
                    worker.region,
                    worker.zone,
                    worker.state,
                    worker.liveness ?? "",
                    worker.role ?? "",
                    worker.used.map { ByteCount($0).description } ?? "",
                    ByteCount(worker.capacity).description,
                    worker.addresses.http
                )
            }
            return table
        }
    }
}

struct WorkerShow: ClusterVerb {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show everything about one worker.",
        discussion: """
            EXAMPLES:
              tarn worker show w1
              tarn worker show w1 -o json

            EXIT STATUS:
              0   printed
              3   no worker of that name
              5   no quorum
              7   timed out
              8   nobody reachable
              64  the command line is wrong
            """
    )

    @Argument(help: "Name of the worker, as 'tarn worker list' prints it.")
    var name: String

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    var format: OutputFormat { output.output }

    func run(_ session: Session) async throws(CommandFailure) {
        let target = "/v1/workers/" + PercentEncoding.segment(name)
        let answer = try await session.client.read(.get(target), as: WorkerDocument.self)
        try session.show(answer.bytes) { Self.table(answer.document) }
    }

    private static func table(_ worker: WorkerDocument) -> TextTable {
        var table = TextTable("FIELD", "VALUE")
        table.add("name", worker.name)
        table.add("id", String(worker.id))
        table.add("store", worker.store)
        table.add("region", worker.region)
        table.add("zone", worker.zone)
        table.add("state", worker.state)
        table.add("liveness", worker.liveness ?? "")
        table.add("role", worker.role ?? "")
        table.add("http", worker.addresses.http)
        table.add("s3", worker.addresses.s3 ?? "")
        table.add("data", worker.addresses.data)
        table.add("peer", worker.addresses.peer)
        table.add("socket", worker.addresses.socket ?? "")
        table.add("capacity", ByteCount(worker.capacity).description)
        table.add("used", worker.used.map { ByteCount($0).description } ?? "")
        table.add("pages", worker.pages.map(String.init) ?? "")
        table.add("epoch", worker.epoch.map(String.init) ?? "")
        table.add("version", worker.version)
        table.add("started", worker.startedAt.description)
        return table
    }
}
