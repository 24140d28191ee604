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
        var failures: [String] = []
        var durations: [Duration] = []

        var count: Int { durations.count }

        var longest: Duration { durations.max() ?? .zero }

        /// The read that one of a hundred was slower than.
        var p99: Duration {
            let sorted = durations.sorted()
            return sorted.isEmpty ? .zero : sorted[(sorted.count - 1) * 99 / 100]
        }
    }

    private struct State {
        var targets: [TarnWorker]
        var directories: [String]
        var isOver = false
        var result = Result()
    }

    private let files: FileSet
    private let state: Mutex<State>

    /// Every second reader reads through `directories`, where there are any: mounts of the file system.
    init(_ files: FileSet, at workers: [TarnWorker], and directories: [String] = []) {
        self.files = files
        state = Mutex(State(targets: workers, directories: directories))
    }

    var count: Int { state.withLock { $0.result.durations.count } }

    /// Readers ask these from now on.
    func use(_ workers: [TarnWorker]) { state.withLock { $0.targets = workers } }

    /// Reads while `body` runs; failures are collected, not thrown.
    func run(
        readers: Int = 4,
        during body: @Sendable () async throws -> Void
    ) async throws -> Result {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for reader in 0..<readers {
                group.addTask {
                    let random = SplitMix64(seed: UInt64(reader))
                    await self.read(random, usesDirectories: reader % 2 == 1)
                }
            }
            defer { state.withLock { $0.isOver = true } }
            try await body()
        }
        return state.withLock { $0.result }
    }

    private func read(_ random: SplitMix64, usesDirectories: Bool) async {
        var random = random
        while !state.withLock({ $0.isOver }) {
            let (targets, directories) = state.withLock { ($0.targets, $0.directories) }
            let directory = usesDirectories ? directories.randomElement(using: &random) : nil
            guard let worker = targets.randomElement(using: &random),
                let file = files.files.randomElement(using: &random)
            else { return }
            let start = Int.random(in: 0..<file.bytes.count, using: &random)
            let end = min(file.bytes.count, start + Int.random(in: 1...(1 << 20), using: &random))
            let begun = ContinuousClock.now
            let expected = file.bytes[start..<end]
            let problem =
                if let directory {
                    await problem(below: directory, file.name, expected, start)
                } else { await problem(worker, file.name, expected, start) }
            let took = ContinuousClock.now - begun
            // Whoever is not asked any more may be gone by now.
            let isAsked =
                directory != nil
                || state.withLock { $0.targets.contains { $0.name == worker.name } }
            state.withLock { state in
                state.result.durations.append(took)
                guard let problem, isAsked, state.result.failures.count < 20 else { return }
                state.result.failures.append(problem)
            }
        }
    }

    /// On a thread that may block.
    private func problem(
        below directory: String,
        _ name: String,
        _ expected: ArraySlice<UInt8>,
        _ start: Int
    ) async -> String? {
        let path = "\(directory)\(files.path)/\(name)"
        return await withCheckedContinuation { continuation in
            DispatchQueue.global().async {
                let file = FileHandle(forReadingAtPath: path)
                try? file?.seek(toOffset: UInt64(start))
                let bytes = try? file?.read(upToCount: expected.count)
                let isRight = bytes?.elementsEqual(expected) ?? false
                let seen = bytes.map { "\($0.count) bytes" } ?? "nothing"
                continuation.resume(
                    returning: isRight ? nil : "\(path) from \(start): \(seen), not what is there"
                )
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
