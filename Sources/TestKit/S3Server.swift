// SPDX-License-Identifier: Apache-2.0
import Foundation
package import Primitives

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

    package let kind: Kind
    /// `http://127.0.0.1:PORT`.
    package let endpoint: String
    /// Holds the log, and for rclone one directory a bucket, in `data`.
    package let directory: String
    /// For tests that end or pause the server.
    package let process: ChildProcess

    private let python: String

    /// - Throws: ``TestKitError/missing(_:)`` with the words "run dev/venv", or what the server said.
    package init(_ kind: Kind) async throws {
        let environment = try S3ServerEnvironment()
        let scratch = FileManager.default.temporaryDirectory
            .appending(path: "tarn-s3-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(
            atPath: "\(scratch)/data",
            withIntermediateDirectories: true
        )
        let started = try await Self.start(kind, environment, scratch)
        self.kind = kind
        directory = scratch
        endpoint = "http://127.0.0.1:\(started.port)"
        process = started.process
        python = environment.program("python")
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
        _ scratch: String
    ) async throws -> (port: UInt16, process: ChildProcess) {
        var last = ""
        for attempt in 1...3 {  // Somebody may have taken the port in between.
            let port = try ServerPort.free()
            let process = try ChildProcess(
                environment.program(kind == .rclone ? "rclone" : "moto_server"),
                arguments(kind, port: port, data: "\(scratch)/data"),
                environment: ["RCLONE_CONFIG": "\(scratch)/rclone.conf"],
                logPath: "\(scratch)/server-\(attempt).log",
                tie: .toThisProcess
            )
            try await waitUntil("\(kind) on port \(port)", within: .seconds(60)) {
                ServerPort.answers(port) || process.exitCode != nil
            }
            if process.exitCode == nil { return (port, process) }
            last = process.output
        }
        throw TestKitError.failed("\(kind)", output: last)
    }

    private static func arguments(_ kind: Kind, port: UInt16, data: String) -> [String] {
        switch kind {
        case .rclone:
            [
                "serve", "s3", "--addr", "127.0.0.1:\(port)", "--auth-key",
                "\(accessKey),\(secretKey)", "--vfs-cache-mode", "off", "--dir-cache-time", "1s",
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
            python,
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
