// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Foundation
import Synchronization

/// What the built binary did.
struct Ran: Sendable {
    let status: Int32
    let output: [UInt8]
    let error: String

    var text: String { String(decoding: output, as: UTF8.self) }
}

/// Runs the binary that the package builds, without a terminal and with nothing on standard input.
///
/// - Parameters:
///   - words: Everything behind `tarn`.
///   - environment: Besides PATH.
///   - directory: Working directory.
/// - Returns: Status and everything written.
/// - Throws: When it cannot be started.
func tarn(
    _ words: [String],
    environment: [String: String] = [:],
    in directory: URL? = nil
) async throws -> Ran {
    await gate.enter()
    defer { gate.leave() }
    let process = Process()
    process.executableURL = binary
    process.arguments = words
    process.environment = environment.merging(["PATH": "/usr/bin:/bin"]) { own, _ in own }
    process.standardInput = FileHandle.nullDevice
    if let directory { process.currentDirectoryURL = directory }
    let output = Pipe()
    let error = Pipe()
    process.standardOutput = output
    process.standardError = error
    try process.run()
    // Both pipes are read to their ends, at the same time: a full one would stop the process.
    async let outputBytes = readToEnd(output.fileHandleForReading)
    async let errorBytes = readToEnd(error.fileHandleForReading)
    let (written, complaints) = await (outputBytes, errorBytes)
    // On a thread of its own: the pool's few may all be asked to wait at once.
    await withCheckedContinuation { continuation in
        Thread.detachNewThread {
            process.waitUntilExit()
            continuation.resume()
        }
    }
    return Ran(
        status: process.terminationStatus,
        output: Array(written),
        error: String(decoding: complaints, as: UTF8.self)
    )
}

/// Beside the tests, wherever this configuration puts its products.
private let binary = URL(filePath: CommandLine.arguments[0]).resolvingSymlinksInPath()
    .deletingLastPathComponent().appending(path: "tarn")

/// Some tests count seconds, so no more processes run at a time than get their share of a core.
private let gate = Gate(count: 4)

private final class Gate: Sendable {
    private let state: Mutex<State>

    private struct State {
        var free: Int
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    init(count: Int) { state = Mutex(State(free: count)) }

    func enter() async {
        await withCheckedContinuation { continuation in
            let isFree = state.withLock { state in
                guard state.free == 0 else {
                    state.free -= 1
                    return true
                }
                state.waiting.append(continuation)
                return false
            }
            if isFree { continuation.resume() }
        }
    }

    func leave() {
        let next = state.withLock { state -> CheckedContinuation<Void, Never>? in
            guard state.waiting.isEmpty else { return state.waiting.removeFirst() }
            state.free += 1
            return nil
        }
        next?.resume()
    }
}

/// Blocks no thread of the pool: a test may act while the process runs.
private func readToEnd(_ handle: FileHandle) async -> Data {
    await withCheckedContinuation { continuation in
        DispatchQueue.global().async {
            continuation.resume(returning: (try? handle.readToEnd()) ?? Data())
        }
    }
}

/// A directory of this test alone, removed by the caller.
func scratchDirectory() throws -> URL {
    let url = FileManager.default.temporaryDirectory.appending(path: "tarn-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    return url
}
