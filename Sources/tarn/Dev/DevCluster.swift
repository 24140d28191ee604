// SPDX-License-Identifier: Apache-2.0

import APIModel
import Foundation
import NIOHTTP1
import Primitives

/// The worker processes of `tarn dev`, from start to the last exit.
actor DevCluster {
    private let plan: DevPlan
    private let timeout: Timespan
    private var children: [(worker: DevPlan.Worker, process: Process)] = []
    private let deaths: AsyncStream<String>
    private let reportDeath: AsyncStream<String>.Continuation

    /// A worker promises to end within 10 s of SIGTERM.
    private static let patience = Duration.seconds(10)
    private static let pollInterval = Duration.milliseconds(50)

    init(plan: DevPlan, timeout: Timespan) {
        self.plan = plan
        self.timeout = timeout
        (deaths, reportDeath) = AsyncStream.makeStream(
            bufferingPolicy: .bufferingOldest(max(1, plan.workers.count))
        )
    }

    /// Starts every worker, forms the cluster if there is none, and waits until all are ready.
    func start() async throws(CommandFailure) {
        for worker in plan.workers { try launch(worker) }
        for worker in plan.workers { try await wait(for: worker, "/healthz") { $0 == 200 } }
        guard let first = plan.workers.first(where: isRunning) else { return }
        if try await isFresh(first) { try await initialise(first) }
        for worker in plan.workers { try await wait(for: worker, "/readyz") { $0 == 200 } }
    }

    /// Returns when a worker ends that should not.
    func firstDeath() async -> CommandFailure? {
        for await name in deaths {
            guard hasLeft(name) else { return died(name) }
            Terminal.writeError("\(name) was taken out of the cluster, and has ended\n")
        }
        return nil
    }

    /// SIGTERM to all, SIGKILL to those that are still there after 10 s; returns when all are gone.
    func stop() async {
        for child in children where child.process.isRunning { child.process.terminate() }
        let deadline = ContinuousClock.now + Self.patience
        while children.contains(where: \.process.isRunning), ContinuousClock.now < deadline {
            await pause()
        }
        for child in children where child.process.isRunning {
            kill(child.process.processIdentifier, SIGKILL)
        }
        while children.contains(where: \.process.isRunning) { await pause() }
    }

    // MARK: - Start

    private func launch(_ worker: DevPlan.Worker) throws(CommandFailure) {
        let process = Process()
        process.arguments = worker.arguments
        process.environment = ProcessInfo.processInfo.environment.filter {
            !$0.key.hasPrefix("TARN_")
        }
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        let name = worker.name
        let reportDeath = reportDeath
        process.terminationHandler = { _ in reportDeath.yield(name) }
        do {
            process.executableURL = URL(
                filePath: try FileManager.default.destinationOfSymbolicLink(
                    atPath: "/proc/self/exe"
                )
            )
            try FileManager.default.createDirectory(
                atPath: worker.directory,
                withIntermediateDirectories: true
            )
            let manager = FileManager.default
            guard
                manager.fileExists(atPath: worker.log)
                    || manager.createFile(atPath: worker.log, contents: nil)
            else { throw CommandFailure.local("\(worker.log) cannot be written") }
            let log = try FileHandle(forWritingTo: URL(filePath: worker.log))
            try log.seekToEnd()
            process.standardError = log
            try process.run()
            try log.close()
        } catch {
            let reason = (error as? CommandFailure)?.document?.detail ?? error.localizedDescription
            throw .local("worker \(worker.name) cannot be started: \(reason)")
        }
        children.append((worker, process))
    }

    /// Polls one address until its status is right, the worker dies, or the time is over.
    ///
    /// A worker that was taken out of the cluster in an earlier run is not waited for.
    private func wait(
        for worker: DevPlan.Worker,
        _ target: String,
        until isRight: @Sendable (Int) -> Bool
    ) async throws(CommandFailure) {
        let client = ClusterClient(addresses: [worker.http], timeout: .seconds(2))
        let deadline = ContinuousClock.now + timeout.duration
        var reason: CommandFailure?
        while ContinuousClock.now < deadline, !Task.isCancelled {
            guard isRunning(worker) else {
                if hasLeft(worker.name) {
                    await client.shutdown()
                    return
                }
                reason = died(worker.name)
                break
            }
            do {
                let answer = try await client.call(.get(target))
                if isRight(answer.status) {
                    await client.shutdown()
                    return
                }
            } catch {
                // Not there yet: that is what is waited for.
            }
            await pause()
        }
        await client.shutdown()
        throw reason
            ?? .timedOut(
                "worker \(worker.name): \(target) is not right after \(timeout); see \(worker.log)"
            )
    }

    /// Whether no cluster has been formed yet: the worker then waits for exactly that.
    private func isFresh(_ worker: DevPlan.Worker) async throws(CommandFailure) -> Bool {
        let client = ClusterClient(addresses: [worker.http], timeout: timeout)
        var isFresh = false
        do {
            _ = try await client.call(.get("/v1/cluster"))
        } catch .problem(let document, _) where document.knownCode == .notInitialised {
            isFresh = true
        } catch {
            await client.shutdown()
            throw error
        }
        await client.shutdown()
        return isFresh
    }

    private func initialise(_ worker: DevPlan.Worker) async throws(CommandFailure) {
        let client = ClusterClient(addresses: [worker.http], timeout: timeout)
        do {
            let request = InitRequest(timeoutMs: timeout.milliseconds)
            _ = try await client.write(
                .POST,
                "/v1/cluster/init",
                body: request,
                as: InitAnswer.self
            )
        } catch {
            await client.shutdown()
            throw error
        }
        await client.shutdown()
    }

    // MARK: - Parts

    private func isRunning(_ worker: DevPlan.Worker) -> Bool {
        children.contains { $0.worker.name == worker.name && $0.process.isRunning }
    }

    /// Whether the cluster wants a worker no more, as `worker remove` says, while the others run.
    private func hasLeft(_ name: String) -> Bool {
        guard let child = children.first(where: { $0.worker.name == name }) else { return false }
        return !child.process.isRunning && child.process.terminationStatus == 4
            && children.contains { $0.process.isRunning }
    }

    private func died(_ name: String) -> CommandFailure {
        let log = plan.workers.first { $0.name == name }?.log ?? plan.directory
        let lines =
            (try? String(contentsOfFile: log, encoding: .utf8))?.split(separator: "\n") ?? []
        let last = lines.suffix(3).joined(separator: "\n")
        return .local("worker \(name) ended; the end of \(log):\n\(last)", next: "cat \(log)")
    }

    private func pause() async {
        // After a cancellation this returns at once; the loops around it have bounds of their own.
        try? await Task.sleep(for: Self.pollInterval)
    }
}
