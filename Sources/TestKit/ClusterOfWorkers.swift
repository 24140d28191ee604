// SPDX-License-Identifier: Apache-2.0
import Foundation
import SystemPackage

/// Workers w1, w2, … on loopback with a scratch directory; every process ends with the last reference.
package final class TarnCluster: Sendable {
    package let workers: [TarnWorker]
    private let scratch: ScratchDirectory

    /// Lays out `count` workers; none is started.
    package init(
        _ count: Int,
        environment: [String: String] = [:],
        flags: [String] = [],
        cacheSize: String = "1GiB"
    ) throws {
        let scratch = try ScratchDirectory()
        self.scratch = scratch
        workers = try (1...count).map { number in
            try TarnWorker(
                name: "w\(number)",
                directory: scratch.path("w\(number)").string,
                environment: environment,
                flags: flags,
                cacheSize: cacheSize
            )
        }
    }

    /// Starts `count` workers that join each other, and makes one cluster of them.
    package static func formed(
        _ count: Int = 3,
        environment: [String: String] = [:],
        flags: [String] = [],
        cacheSize: String = "1GiB"
    ) async throws -> TarnCluster {
        let cluster = try TarnCluster(
            count,
            environment: environment,
            flags: flags,
            cacheSize: cacheSize
        )
        try cluster.start()
        try await cluster.initialise()
        return cluster
    }

    deinit { for worker in workers { worker.kill() } }

    package subscript(_ number: Int) -> TarnWorker { workers[number - 1] }

    /// Where tests may put files of their own.
    package var directory: String { scratch.path.string }

    package var peers: [String] { workers.map(\.peerAddress) }

    /// Starts every worker, `join` naming them all.
    package func start() throws {
        let peers = peers
        for worker in workers { try worker.start(join: peers) }
    }

    /// `cluster init` through the first worker; returns when all are ready.
    package func initialise() async throws {
        for worker in workers { try await worker.untilAlive() }
        let run = try await tarn(["cluster", "init", "--timeout", "60s"])
        guard run.status == 0 else {
            throw TestKitError.failed("cluster init: \(run.summary)", output: logEnds)
        }
        for worker in workers { try await worker.untilReady() }
    }

    /// Another worker, laid out but not started.
    package func additional(
        _ name: String,
        environment: [String: String] = [:],
        flags: [String] = [],
        cacheSize: String = "1GiB"
    ) throws -> TarnWorker {
        let directory = scratch.path("\(name)-\(Int.random(in: 0..<100_000))").string
        return try TarnWorker(
            name: name,
            directory: directory,
            environment: environment,
            flags: flags,
            cacheSize: cacheSize
        )
    }

    /// Runs a verb against a worker; the first unless another is given.
    package func tarn(
        _ words: [String],
        at worker: TarnWorker? = nil,
        environment: [String: String] = [:],
        within limit: Duration = .seconds(90)
    ) async throws -> TarnRun {
        try await TarnBinary.run(
            ["--addr", (worker ?? workers[0]).address] + words,
            environment: environment,
            in: directory,
            within: limit
        )
    }

    /// As ``tarn(_:at:environment:within:)``, for verbs that a test needs to succeed.
    @discardableResult
    package func done(_ words: [String], at worker: TarnWorker? = nil) async throws -> String {
        let run = try await tarn(words, at: worker)
        guard run.status == 0 else {
            throw TestKitError.failed("tarn \(words): \(run.summary)", output: logEnds)
        }
        return run.output
    }

    /// The worker that leads, once all who run agree on one.
    package func leader(within limit: Duration = .seconds(30)) async throws -> TarnWorker {
        var found: TarnWorker?
        try await waitUntil("one leader\n\(logEnds)", within: limit) {
            var names: Set<String> = []
            for worker in workers where worker.process?.exitCode == nil {
                let answer = try? await worker.web.get("/v1/cluster", within: .seconds(5))
                names.insert(answer?.json["leader"] as? String ?? "")
            }
            found = workers.first { $0.name == names.first && $0.process?.exitCode == nil }
            return names.count == 1 && found != nil
        }
        guard let found else { throw TestKitError.timedOut(waitingFor: "a leader") }
        return found
    }

    /// Sum of a metric's samples over the workers that run, of those whose labels hold all of `labels`.
    package func metric(_ name: String, _ labels: String...) async throws -> Double {
        var sum = 0.0
        for worker in workers where worker.process?.exitCode == nil {
            let text = try await worker.web.get("/metrics").text
            for line in text.split(separator: "\n") {
                guard line.hasPrefix("\(name){") || line.hasPrefix("\(name) "),
                    labels.allSatisfy({ line.contains($0) }),
                    let value = line.split(separator: " ").last.flatMap({ Double($0) })
                else { continue }
                sum += value
            }
        }
        return sum
    }

    /// The ends of all logs, for failure messages.
    package var logEnds: String { workers.map(\.logEnd).joined(separator: "\n") }
}
