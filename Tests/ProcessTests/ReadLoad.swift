// SPDX-License-Identifier: Apache-2.0
import Foundation
import Primitives
import Synchronization
import TestKit
import Testing

/// Files of an origin and what must be read of them.
struct FileSet: Sendable {
    let path: String
    /// By name, in bytewise order.
    let files: [(name: String, bytes: [UInt8])]

    var byteCount: UInt64 { files.reduce(0) { $0 + UInt64($1.bytes.count) } }

    /// Writes small files of up to 2 MiB and one large one, and mounts them.
    static func mounted(
        at path: String = "/data/set",
        on cluster: TarnCluster,
        small: Int = 80,
        largeMebibytes: Int = 160,
        seed: UInt64 = 11
    ) async throws -> FileSet {
        var random = SplitMix64(seed: seed)
        var files = (0..<small).map { number in
            let count = Int.random(in: 1...(2 << 20), using: &random)
            return ("f\(1000 + number)", pattern(count, seed: seed + UInt64(number)))
        }
        files.append(("large", pattern(largeMebibytes << 20, seed: seed + 10_000)))
        try await cluster.mountDirectory(
            at: path,
            Dictionary(files, uniquingKeysWith: { first, _ in first })
        )
        return FileSet(path: path, files: files)
    }

    /// Reads everything once through `worker`, and compares it.
    func readWhole(through worker: TarnWorker) async throws {
        for file in files {
            let answer = try await worker.web.get("/v1/files\(path)/\(file.name)")
            try #require(answer.status == 200, "\(file.name): \(answer.status)")
            try #require(answer.body == file.bytes, "\(file.name): other bytes")
        }
    }
}

/// Readers that go on and on, at every worker they are told of, and compare every byte.
final class ReadLoad: Sendable {
    struct Result: Sendable {
        var count = 0
        var failures: [String] = []
        var longest = Duration.zero
    }

    private struct State {
        var targets: [TarnWorker]
        var isOver = false
        var result = Result()
    }

    private let files: FileSet
    private let state: Mutex<State>

    init(_ files: FileSet, at workers: [TarnWorker]) {
        self.files = files
        state = Mutex(State(targets: workers))
    }

    /// Readers ask these from now on.
    func use(_ workers: [TarnWorker]) { state.withLock { $0.targets = workers } }

    /// Reads while `body` runs; failures are collected, not thrown.
    func run(
        readers: Int = 4,
        during body: @Sendable () async throws -> Void
    ) async throws -> Result {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for reader in 0..<readers {
                group.addTask { await self.read(SplitMix64(seed: UInt64(reader))) }
            }
            defer { state.withLock { $0.isOver = true } }
            try await body()
        }
        return state.withLock { $0.result }
    }

    private func read(_ random: SplitMix64) async {
        var random = random
        while !state.withLock({ $0.isOver }) {
            let targets = state.withLock { $0.targets }
            guard let worker = targets.randomElement(using: &random),
                let file = files.files.randomElement(using: &random)
            else { return }
            let start = Int.random(in: 0..<file.bytes.count, using: &random)
            let end = min(file.bytes.count, start + Int.random(in: 1...(1 << 20), using: &random))
            let begun = ContinuousClock.now
            let problem = await problem(worker, file.name, file.bytes[start..<end], start)
            let took = ContinuousClock.now - begun
            // Whoever is not asked any more may be gone by now.
            let isAsked = state.withLock { $0.targets.contains { $0.name == worker.name } }
            state.withLock { state in
                state.result.count += 1
                state.result.longest = max(state.result.longest, took)
                guard let problem, isAsked, state.result.failures.count < 20 else { return }
                state.result.failures.append(problem)
            }
        }
    }

    private func problem(
        _ worker: TarnWorker,
        _ name: String,
        _ expected: ArraySlice<UInt8>,
        _ start: Int
    ) async -> String? {
        let what = "\(name) from \(start) at \(worker.name)"
        do {
            let answer = try await worker.web.get(
                "/v1/files\(files.path)/\(name)",
                ["Range": "bytes=\(start)-\(start + expected.count - 1)"],
                within: .seconds(30)
            )
            guard answer.status == 206 else { return "\(what): \(answer.status) \(answer.text)" }
            return answer.body.elementsEqual(expected) ? nil : "\(what): other bytes"
        } catch {
            return "\(what): \(error)"
        }
    }
}
