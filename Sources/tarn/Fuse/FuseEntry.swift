// SPDX-License-Identifier: Apache-2.0

import ClientRuntime
import Foundation
import FuseMount
import Primitives
import Settings

/// What the `fuse` verbs do.
enum FuseEntry {
    /// `fuse mount` as it was asked for.
    struct MountRequest: Sendable {
        let addresses: [HostPort]
        let directory: String
        /// The tree below this cluster path is shown.
        let path: String
        /// `nil`: that of the worker that answers.
        let region: String?
        /// As given to `-o`, split at commas.
        let options: [String]
        let isForeground: Bool
        /// `nil`: a free port of 127.0.0.1.
        let metrics: HostPort?
        /// How long the mount may take to answer.
        let timeout: Timespan
        let isQuiet: Bool
        let format: OutputFormat
    }

    /// One mount of this machine, as `fuse status -o json` prints it.
    struct StatusRow: Codable, Sendable {
        let directory: String
        let path: String?
        let region: String?
        let pid: Int?
        /// `serving`, `dead` where the process is gone and the mount is still there, `unresponsive`.
        let state: String
        let metrics: String?
        let log: String?
    }

    static func mount(_ request: MountRequest) async throws(CommandFailure) {
        let options = try translating { () throws(FuseMountError) in
            try FuseMountOptions(parsing: request.options)
        }
        if request.isForeground {
            try await FuseProcess(request: request, options: options).run()
        } else {
            try await spawn(request)
        }
    }

    /// Ends the mount, and says which directory it was on.
    static func unmount(directory: String, force: Bool) async throws(CommandFailure) -> String {
        let states = try states()
        return try translating { () throws(FuseMountError) in
            let canonical = try FuseMounts.canonical(directory)
            try FuseMounts.unmount(directory, mode: force ? .force : .normal, states: states)
            return canonical
        }
    }

    static func status() async throws(CommandFailure) -> [StatusRow] {
        let states = try states()
        let mounts = try translating { () throws(FuseMountError) in try FuseMounts.list() }
        return mounts.map { row(of: $0.directory.text, states) }
    }

    private static func row(of directory: String, _ states: MountStateStore) -> StatusRow {
        let state = states.state(of: directory)
        return StatusRow(
            directory: directory,
            path: state?.path,
            region: state?.region,
            pid: state.map { Int($0.process.pid) },
            state: text(FuseMounts.health(of: directory, timeout: .seconds(2))),
            metrics: state?.metrics,
            log: state?.log
        )
    }

    static func states() throws(CommandFailure) -> MountStateStore {
        try translating { () throws(FuseMountError) in try MountStateStore.standard() }
    }

    // MARK: - Parts

    /// Starts the serving process and waits until its mount answers.
    private static func spawn(_ request: MountRequest) async throws(CommandFailure) {
        let states = try states()
        let directory = try translating { () throws(FuseMountError) in
            try FuseMounts.prepare(request.directory)
        }
        do throws(FuseMountError) {
            _ = try await FuseDaemon.spawn(
                arguments: arguments(request, directory: directory),
                log: states.logPath(of: directory),
                timeout: request.timeout.duration + .seconds(5)
            )
        } catch {
            throw CommandFailure(error)
        }
        switch request.format {
        case .json:
            try Terminal.write(try ClusterClient.encode(row(of: directory, states)) + [0x0A])
        case .table:
            guard !request.isQuiet else { return }
            try Terminal.write(
                """
                mounted \(request.path) at \(directory)
                Next: ls \(directory); tarn fuse unmount \(directory)

                """
            )
        }
    }

    private static func arguments(_ request: MountRequest, directory: String) -> [String] {
        var words = ["fuse", "mount", directory, "--foreground", "--path", request.path]
        words += ["--addr", request.addresses.map(\.description).joined(separator: ",")]
        words += ["--timeout", request.timeout.description]
        if let region = request.region { words += ["--region", region] }
        if let metrics = request.metrics { words += ["--metrics", metrics.description] }
        if !request.options.isEmpty {
            words += ["--mount-option", request.options.joined(separator: ",")]
        }
        return words
    }

    private static func translating<Value>(
        _ body: () throws(FuseMountError) -> Value
    ) throws(CommandFailure) -> Value {
        do throws(FuseMountError) {
            return try body()
        } catch {
            throw CommandFailure(error)
        }
    }

    private static func text(_ health: FuseMounts.Health) -> String {
        switch health {
        case .alive: "serving"
        case .dead: "dead"
        case .unresponsive: "unresponsive"
        }
    }
}
