// SPDX-License-Identifier: Apache-2.0
import APIModel
import CatalogCore
import Coordination
import Primitives

/// Taking a worker out of the cluster for good: its vote first, then itself.
enum WorkerRemoval {
    private enum Flag: String, CaseIterable { case yes = "true", no = "false" }

    /// How long the vote of who is removed may take to become another worker's.
    private static let votePatience = Timespan.seconds(15)

    @Sendable static func remove(_ call: Call) async throws(Problem) -> APIResponse {
        let isLost = try call.query.choice("lost", of: Flag.self) == .yes
        let isForced = try call.query.choice("force", of: Flag.self) == .yes
        let idempotency = try call.idempotency()
        if let first = try await call.earlierOutcome(under: idempotency) {
            return try LifeRoutes.answer(first, call)
        }
        let worker = try LifeRoutes.worker(of: call, in: try await call.completeView())
        let status = call.coordination.status()
        let health = status.workers.first { $0.name == worker.name }
        let isAlive = health?.liveness == .alive
        if !isForced { try requireEmpty(worker, isLost: isLost, isAlive: isAlive, health) }
        if status.voters.contains(where: { $0.node == worker.id }) {
            try await release(worker, isDead: isLost && !isAlive, call)
        }
        let removal = WorkerChange.remove(worker.id, isLost: isLost || isForced)
        return try LifeRoutes.answer(try await call.submit(.worker(removal), idempotency), call)
    }

    private static func requireEmpty(
        _ worker: WorkerEntry,
        isLost: Bool,
        isAlive: Bool,
        _ health: WorkerHealth?
    ) throws(Problem) {
        if isLost {
            guard isAlive, worker.state != .drained else { return }
            throw Problem(
                .unsafeRequest,
                "'\(worker.name)' is alive, not lost",
                next: "tarn worker drain \(worker.name)"
            )
        }
        guard ![.drained, .joining].contains(worker.state) else { return }
        let pages = health?.pages.map { "\($0) pages" } ?? "an unknown number of pages"
        let bytes = health?.usedBytes.map { " (\(ByteCount($0)))" } ?? ""
        throw Problem(
            .unsafeRequest,
            "'\(worker.name)' is \(worker.state.text), not drained: \(pages)\(bytes) would be lost, "
                + "and read from the lake again where nobody else holds them",
            next: isAlive
                ? "tarn worker drain \(worker.name)" : "tarn worker remove \(worker.name) --lost"
        )
    }

    /// Has the vote of a worker given to another one before it goes.
    ///
    /// Of who is dead it is gone anyway, and another worker gets it as soon as there is one.
    private static func release(
        _ worker: WorkerEntry,
        isDead: Bool,
        _ call: Call
    ) async throws(Problem) {
        do throws(CoordinationError) {
            do throws(CoordinationError) {
                _ = try await call.coordination.effect(of: .demoted, on: worker.name)
            } catch .unsafe(let reason) {
                if isDead { return }
                throw .unsafe("'\(worker.name)' votes: \(reason)")
            }
            let wish = VoteWish(node: worker.id, kind: .demoted)
            _ = try await call.coordination.changeVoting(.wish(wish), within: Call.patience)
            try await waitForRelease(of: worker, call)
        } catch {
            throw call.problem(error)
        }
    }

    private static func waitForRelease(
        of worker: WorkerEntry,
        _ call: Call
    ) async throws(CoordinationError) {
        let end = ContinuousClock.now + votePatience.duration
        while ContinuousClock.now < end {
            let voters = call.coordination.view().catalog.cluster?.voters ?? []
            if !voters.contains(worker.id) { return }
            try? await Task.sleep(for: .milliseconds(100))
        }
        throw .unfinished(
            .transfer,
            "the vote of '\(worker.name)' is on its way to another worker; ask again"
        )
    }
}
