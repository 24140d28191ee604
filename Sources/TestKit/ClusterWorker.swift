// SPDX-License-Identifier: Apache-2.0
import Foundation
import Synchronization

/// Where one worker of a test listens on 127.0.0.1.
package struct WorkerPorts: Sendable, Equatable {
    package var http: UInt16
    package var data: UInt16
    package var peer: UInt16

    package init() throws(TestKitError) {
        http = try ServerPort.lasting()
        data = try ServerPort.lasting()
        peer = try ServerPort.lasting()
    }

    package var all: [UInt16] { [http, data, peer] }
}

/// A `tarn worker start` in its own process, with its directories; it may be ended and started again.
package final class TarnWorker: Sendable {
    package let name: String
    /// Holds `data`, `cache`, `sock` and the logs of every life.
    package let directory: String

    private struct State {
        var ports: WorkerPorts
        var join: [String] = []
        var process: ChildProcess?
        var lives = 0
    }

    private let state: Mutex<State>
    private let environment: [String: String]
    private let flags: [String]
    private let cacheSize: String

    /// Lays out the directories and picks ports; `flags` are added to those for name, directories,
    /// ports and `join`.
    package init(
        name: String,
        directory: String,
        environment: [String: String] = [:],
        flags: [String] = [],
        cacheSize: String = "1GiB"
    ) throws {
        self.name = name
        self.directory = directory
        self.environment = environment
        self.flags = flags
        self.cacheSize = cacheSize
        state = Mutex(State(ports: try WorkerPorts()))
        for part in ["data", "cache"] {
            try FileManager.default.createDirectory(
                atPath: "\(directory)/\(part)",
                withIntermediateDirectories: true
            )
        }
        // The worker makes it; an empty one is as good as none.
        try FileManager.default.removeItem(atPath: "\(directory)/data")
    }

    package var ports: WorkerPorts { state.withLock(\.ports) }
    package var process: ChildProcess? { state.withLock(\.process) }
    package var web: WebClient { WebClient(port: ports.http) }
    package var address: String { "127.0.0.1:\(ports.http)" }
    package var peerAddress: String { "127.0.0.1:\(ports.peer)" }
    package var dataDirectory: String { "\(directory)/data" }
    package var cacheDirectory: String { "\(directory)/cache" }

    /// The log of the present, or last, life.
    package var log: String { process?.output ?? "" }

    /// What goes into a failure message.
    package var logEnd: String {
        "\(name) (exit \(process?.exitCode.map(String.init) ?? "none")):\n"
            + log.split(separator: "\n").suffix(25).joined(separator: "\n")
    }

    package func moveToOtherPorts() throws {
        let ports = try WorkerPorts()
        state.withLock { $0.ports = ports }
    }

    /// Starts the process; `join` are peer addresses, kept for the next start.
    ///
    /// `wrapper` are words in front of the command: a program, by its absolute path, that becomes the
    /// worker in the end.
    package func start(join: [String]? = nil, wrapper: [String] = []) throws {
        let (ports, peers, life) = state.withLock { state in
            if let join { state.join = join }
            state.lives += 1
            return (state.ports, state.join, state.lives)
        }
        let words = wrapper + [TarnBinary.path, "worker", "start"] + arguments(ports, peers)
        let process = try ChildProcess(
            words[0],
            Array(words.dropFirst()),
            environment: environment,
            logPath: "\(directory)/log-\(life)",
            tie: .toThisProcess
        )
        state.withLock { $0.process = process }
    }

    package func arguments(_ ports: WorkerPorts, _ join: [String]) -> [String] {
        var words = [
            "--name", name, "--data-dir", dataDirectory, "--data-socket", "\(directory)/sock",
            "--listen-http", "127.0.0.1:\(ports.http)",
            "--listen-data", "127.0.0.1:\(ports.data)",
            "--listen-peer", "127.0.0.1:\(ports.peer)", "--log-format", "text",
        ]
        if !flags.contains("--cache") { words += ["--cache", "\(cacheDirectory)=\(cacheSize)"] }
        if !join.isEmpty { words += ["--join", join.joined(separator: ",")] }
        return words + flags
    }

    /// kill -9, and waits until it is gone.
    package func kill() { process?.end() }

    package func send(_ signal: Int32) { process?.send(signal) }

    /// `VmRSS` of the process; bytes.
    package func residentBytes() throws -> UInt64 {
        let pid = process?.pid ?? 0
        let status = try String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8)
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") }
        let kibibytes = line?.split(separator: " ").dropFirst().first.flatMap { UInt64($0) }
        guard let kibibytes else { throw TestKitError.failed("VmRSS", output: status) }
        return kibibytes * 1024
    }

    /// Waits until `GET /readyz` is 200.
    package func untilReady(within limit: Duration = .seconds(60)) async throws {
        try await until("readyz of \(name)", within: limit) {
            try await web.get("/readyz", within: .seconds(5)).status == 200
        }
    }

    /// Waits until `GET /healthz` answers.
    package func untilAlive() async throws {
        try await until("healthz of \(name)") {
            try await web.get("/healthz", within: .seconds(5)).status == 200
        }
    }

    /// Waits for a fact about this worker; connections that fail count as "not yet", an exit ends it.
    package func until(
        _ what: @autoclosure () -> String,
        within limit: Duration = .seconds(60),
        _ fact: () async throws -> Bool
    ) async throws {
        do {
            try await waitUntil(what(), within: limit) {
                if let code = process?.exitCode {
                    throw TestKitError.failed("\(name) ended with \(code)", output: log)
                }
                do {
                    return try await fact()
                } catch is WebError {
                    return false
                }
            }
        } catch TestKitError.timedOut(let what) {
            throw TestKitError.failed("waited in vain for \(what)", output: logEnd)
        }
    }
}
