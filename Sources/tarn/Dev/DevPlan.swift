// SPDX-License-Identifier: Apache-2.0

import Foundation
import Origins
import Primitives
import Settings

/// Where the workers of `tarn dev` listen and store.
struct DevPlan: Sendable {
    struct Worker: Sendable {
        let name: String
        let directory: String
        let http: HostPort
        /// Arguments of `tarn worker start`.
        let arguments: [String]

        var log: String { directory + "/log" }
    }

    let workers: [Worker]
    let directory: String
    private let isTemporary: Bool

    /// Enough to try things out, and little enough for any machine.
    private static let cacheCapacity = "2GiB"

    init(workers count: Int, basePort: Int, directory given: String?) throws(CommandFailure) {
        isTemporary = given == nil
        directory = try Self.makeDirectory(given)
        let keys = try Self.makeKeys(in: directory)
        var plan: [Worker] = []
        let peers = (0..<count).map { "127.0.0.1:\(basePort + 10 * $0 + 3)" }
        for index in 0..<count {
            plan.append(
                Self.worker(
                    index + 1,
                    port: basePort + 10 * index,
                    join: peers.joined(separator: ","),
                    keys: keys,
                    below: directory
                )
            )
        }
        workers = plan
    }

    private static func makeDirectory(_ given: String?) throws(CommandFailure) -> String {
        let manager = FileManager.default
        let name = "tarn-dev-" + UUID().uuidString.lowercased().prefix(8)
        let path = given ?? manager.temporaryDirectory.appending(path: name).path
        do {
            try manager.createDirectory(atPath: path, withIntermediateDirectories: true)
        } catch {
            throw .local("\(path): the directory cannot be made")
        }
        return path.hasPrefix("/") ? path : manager.currentDirectoryPath + "/" + path
    }

    /// A key of the directory's own, so that `tarn credential put` can be tried out; kept if it is there.
    private static func makeKeys(in directory: String) throws(CommandFailure) -> String {
        let path = "\(directory)/credential.keys"
        let manager = FileManager.default
        guard !manager.fileExists(atPath: path) else { return path }
        let key = (0..<CredentialKey.byteCount).map { _ in UInt8.random(in: .min ... .max) }
        let isMade = manager.createFile(
            atPath: path,
            contents: Data((hexText(key) + "\n").utf8),
            attributes: [.posixPermissions: 0o600]
        )
        guard isMade else { throw .local("\(path): the file cannot be made") }
        return path
    }

    private static func worker(
        _ number: Int,
        port: Int,
        join: String,
        keys: String,
        below directory: String
    ) -> Worker {
        let name = "w\(number)"
        let home = "\(directory)/\(name)"
        var arguments = [
            "worker", "start", "--name", name, "--zone", "zone-\(number)",
            "--data-dir", "\(home)/data", "--cache", "\(home)/cache=\(cacheCapacity)",
            "--listen-http", "127.0.0.1:\(port)", "--listen-s3", "127.0.0.1:\(port + 1)",
            "--listen-data", "127.0.0.1:\(port + 2)", "--listen-peer", "127.0.0.1:\(port + 3)",
            "--join", join, "--credential-key-file", keys,
        ]
        let socket = "\(home)/data.sock"
        if socket.utf8.count <= SettingKind.socketByteLimit {
            arguments += ["--data-socket", socket]
        }
        return Worker(
            name: name,
            directory: home,
            http: HostPort(host: "127.0.0.1", port: UInt16(clamping: port)),
            arguments: arguments
        )
    }

    /// One worker, as `dev -o json` prints it.
    private struct WorkerRow: Encodable {
        let name: String
        let http: String
        let directory: String
        let log: String
    }

    /// Says that everything runs: the workers as one document, or what to try next.
    func announce(_ format: OutputFormat) throws(CommandFailure) {
        switch format {
        case .table: try Terminal.write(greeting)
        case .json:
            let rows = workers.map { worker in
                WorkerRow(
                    name: worker.name,
                    http: worker.http.description,
                    directory: worker.directory,
                    log: worker.log
                )
            }
            try Terminal.write(try ClusterClient.encode(rows) + [0x0A])
        }
    }

    private var greeting: String {
        let addresses = workers.map { "  \($0.name)  http://\($0.http)  log \($0.log)\n" }
        let first = workers.first?.http.description ?? ""
        let addr = first == "127.0.0.1:7400" ? "" : " --addr \(first)"
        return "\(workers.count) workers run:\n" + addresses.joined() + """

            Try in another terminal:
              tarn cluster status\(addr)
              tarn mount add /data/samples file://$PWD\(addr)
              tarn fs ls /data/samples\(addr)

            Ctrl-C ends them\(isTemporary ? " and removes \(directory)" : "").

            """
    }

    enum Remainder { case nothing, logs }

    /// Removes what was stored, unless it is in a directory that was asked for.
    ///
    /// After a failure the logs stay for whoever looks for the reason.
    func cleanUp(keeping remainder: Remainder) {
        guard isTemporary else { return }
        let manager = FileManager.default
        switch remainder {
        case .nothing:
            try? manager.removeItem(atPath: directory)
        case .logs:
            try? manager.removeItem(atPath: directory + "/credential.keys")
            for worker in workers {
                let names = (try? manager.contentsOfDirectory(atPath: worker.directory)) ?? []
                for path in names.map({ worker.directory + "/" + $0 }) where path != worker.log {
                    try? manager.removeItem(atPath: path)
                }
            }
        }
    }
}
