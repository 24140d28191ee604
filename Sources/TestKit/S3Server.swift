// SPDX-License-Identifier: Apache-2.0
import Foundation
package import Primitives
import Synchronization

/// A real S3 server on a free port of 127.0.0.1, over a scratch directory; ended with its last
/// reference or with the test process, whichever comes first.
package final class S3Server: Sendable {
    package enum Kind: String, Sendable, CaseIterable {
        /// Checks signatures; keeps objects as files; ignores `If-Match`.
        case rclone
        /// Checks no signature; honours `If-Match`; any key; slow for large objects.
        case moto
    }

    package static let accessKey = "tarn-test"
    package static let secretKey = "tarn-test-secret"

    /// What a server lets in.
    package struct Key: Hashable, Sendable {
        package let access: String
        package let secret: String

        package static let usual = Key(access: accessKey, secret: secretKey)

        package init(access: String, secret: String) {
            self.access = access
            self.secret = secret
        }
    }

    package let kind: Kind
    /// `http://127.0.0.1:PORT`.
    package let endpoint: String
    /// Holds the log, and for rclone one directory a bucket, in `data`.
    package let directory: String
    private let running: Mutex<ChildProcess>
    private let port: UInt16
    private let environment: S3ServerEnvironment

    /// - Throws: ``TestKitError/missing(_:)`` with the words "run dev/venv", or what the server said.
    package init(_ kind: Kind, accepting keys: [Key] = [.usual]) async throws {
        let environment = try S3ServerEnvironment()
        let scratch = FileManager.default.temporaryDirectory
            .appending(path: "tarn-s3-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(
            atPath: "\(scratch)/data",
            withIntermediateDirectories: true
        )
        let started = try await Self.start(kind, environment, scratch, keys)
        self.kind = kind
        directory = scratch
        endpoint = "http://127.0.0.1:\(started.port)"
        port = started.port
        running = Mutex(started.process)
        self.environment = environment
    }

    /// For tests that end or pause the server.
    package var process: ChildProcess { running.withLock { $0 } }

    /// Ends the server and starts it again over the same objects on the same port, with other keys.
    ///
    /// Of rclone alone, which checks them.
    package func restart(accepting keys: [Key]) async throws {
        precondition(kind == .rclone, "\(kind) checks no keys")
        process.end()
        try await waitUntil("port \(port) free again", within: .seconds(10)) {
            !ServerPort.answers(port)
        }
        let started = try await Self.launch(kind, environment, directory, keys, port: port)
        guard started.exitCode == nil else {
            throw TestKitError.failed("\(kind)", output: started.output)
        }
        running.withLock { $0 = started }
    }

    deinit {
        process.end()
        try? FileManager.default.removeItem(atPath: directory)
    }

    /// Everything the server has logged.
    package var log: String { process.output }

    /// Puts objects into a bucket, which is made if it does not exist.
    ///
    /// Through boto3: another client than the one under test. `checksum` is a kind that the store is to
    /// keep with each, such as `SHA256`.
    package func put(
        _ objects: [(key: ByteString, bytes: [UInt8])],
        bucket: String,
        checksum: String = ""
    ) async throws {
        let lines = objects.map { "put\(checksum) \(hexText($0.key.bytes)) \($0.bytes.count)" }
        try await run(lines, content: objects.flatMap(\.bytes), bucket: bucket)
    }

    package func delete(_ keys: [ByteString], bucket: String) async throws {
        try await run(keys.map { "delete \(hexText($0.bytes)) 0" }, content: [], bucket: bucket)
    }

    // MARK: - Parts

    private static func start(
        _ kind: Kind,
        _ environment: S3ServerEnvironment,
        _ scratch: String,
        _ keys: [Key]
    ) async throws -> (port: UInt16, process: ChildProcess) {
        var last = ""
        for _ in 1...3 {  // Somebody may have taken the port in between.
            let port = try ServerPort.free()
            let process = try await launch(kind, environment, scratch, keys, port: port)
            if process.exitCode == nil { return (port, process) }
            last = process.output
        }
        throw TestKitError.failed("\(kind)", output: last)
    }

    /// Starts a process and waits until it serves or has ended.
    private static func launch(
        _ kind: Kind,
        _ environment: S3ServerEnvironment,
        _ scratch: String,
        _ keys: [Key],
        port: UInt16
    ) async throws -> ChildProcess {
        let process = try ChildProcess(
            environment.program(kind == .rclone ? "rclone" : "moto_server"),
            arguments(kind, port: port, data: "\(scratch)/data", keys),
            environment: ["RCLONE_CONFIG": "\(scratch)/rclone.conf"],
            logPath: "\(scratch)/server-\(UUID().uuidString).log",
            tie: .toThisProcess
        )
        try await waitUntil("\(kind) on port \(port)", within: .seconds(60)) {
            ServerPort.answers(port) || process.exitCode != nil
        }
        return process
    }

    private static func arguments(
        _ kind: Kind,
        port: UInt16,
        data: String,
        _ keys: [Key]
    ) -> [String] {
        switch kind {
        case .rclone:
            ["serve", "s3", "--addr", "127.0.0.1:\(port)"]
                + keys.flatMap { ["--auth-key", "\($0.access),\($0.secret)"] }
                + [
                    "--vfs-cache-mode", "off", "--dir-cache-time", "1s",
                    "-vv", data,  // Each request is a line of its log.
                ]
        case .moto: ["-H", "127.0.0.1", "-p", "\(port)"]
        }
    }

    private func run(_ lines: [String], content: [UInt8], bucket: String) async throws {
        let batch = "\(directory)/\(UUID().uuidString)"
        try Data(content).write(to: URL(filePath: "\(batch).bin"))
        try Data(lines.joined(separator: "\n").utf8).write(to: URL(filePath: "\(batch).txt"))
        let client = try ChildProcess(
            environment.program("python"),
            ["-c", S3ServerEnvironment.clientScript, endpoint, bucket, batch],
            environment: [
                "AWS_ACCESS_KEY_ID": Self.accessKey, "AWS_SECRET_ACCESS_KEY": Self.secretKey,
            ],
            logPath: "\(batch).log",
            tie: .toThisProcess
        )
        guard try await client.waitForExit(within: .seconds(120)) == 0 else {
            throw TestKitError.failed("boto3", output: client.output)
        }
    }
}
