// SPDX-License-Identifier: Apache-2.0
import Foundation
import Glibc
import Primitives
import TestKit
import Testing

extension ProcessTests {
    /// The same bytes through a real mount of `tarn fuse mount`.
    @Suite(.enabled(if: FileManager.default.isReadableFile(atPath: "/dev/fuse"), "no /dev/fuse"))
    struct FuseProofTests {
        @Test func theTreeIsEqualThroughAMountAndReadOnce() async throws {
            let server = try await S3Server(.rclone)
            let corpus = Corpus.large()
            try await server.put(corpus.map { (ByteString($0.key), $0.bytes) }, bucket: "lake")
            let cluster = try await TarnCluster.formed(environment: S3.environment)
            try await cluster.done(S3.mount("/data/s", bucket: "lake", server))
            let mount = try await FuseMountPoint(of: cluster)
            try await mount.readAll(corpus, below: "data/s")
            let gets = S3.loggedGets(server)
            #expect(gets >= corpus.count { !$0.bytes.isEmpty })
            let fetched = try await cluster.metric("tarn_origin_read_bytes_total")
            #expect(Int(fetched) == corpus.reduce(0) { $0 + $1.bytes.count })

            try await mount.unmount()
            let second = try await FuseMountPoint(of: cluster)
            try await second.readAll(corpus, below: "data/s")
            #expect(S3.loggedGets(server) == gets, "the second pass asked the server again")
            for directory in ["data/s", "data/s/odd", "data/s/many", "data/s/deep/a"] {
                let below = String(directory.dropFirst("data/s".count).drop { $0 == "/" })
                let expected = Corpus.names(below: below, of: corpus).map {
                    $0.hasSuffix("/") ? String($0.dropLast()) : $0
                }
                let names = try FileManager.default.contentsOfDirectory(
                    atPath: "\(second.directory)/\(directory)"
                )
                #expect(
                    Set(names.map { Array($0.utf8) }) == Set(expected.map { Array($0.utf8) }),
                    "\(directory)"
                )
            }
            try await second.unmount()
        }

        @Test func aDirectoryOfAHundredThousandEntriesLists() async throws {
            let cluster = try await TarnCluster.formed(1)
            let origin = "\(cluster.directory)/many"
            try FileManager.default.createDirectory(
                atPath: origin,
                withIntermediateDirectories: true
            )
            let maker = try ChildProcess(
                "/bin/sh",
                ["-c", "cd \"$0\" && seq -f entry-%.0f 100000 | xargs touch", origin],
                logPath: "\(cluster.directory)/maker.log",
                tie: .toThisProcess
            )
            try #require(try await maker.waitForExit() == 0, "\(maker.output)")
            try await cluster.done(["mount", "add", "/data/many", "file://\(origin)"])
            let mount = try await FuseMountPoint(of: cluster)
            let log = "\(cluster.directory)/ls"
            let list = try ChildProcess(
                "/bin/ls",
                ["-U", "\(mount.directory)/data/many"],
                logPath: log,
                tie: .toThisProcess
            )
            #expect(try await list.waitForExit(within: .seconds(120)) == 0)
            let lines = list.output.split(separator: "\n")
            #expect(lines.count == 100_000 && Set(lines).count == 100_000)
            try await mount.unmount()
        }

        @Test func aMountOutlivesTheLeaderAndADeadServerIsReplaced() async throws {
            let cluster = try await TarnCluster.formed()
            let content = pattern(3 << 20 | 9, seed: 2)
            try await cluster.mountDirectory(["x": content])
            let mount = try await FuseMountPoint(of: cluster)
            #expect(try await mount.contents("data/a/x") == content)
            let status = try await cluster.done(["fuse", "status", "-o", "json"])
            #expect(status.contains(mount.directory) && status.contains("serving"), "\(status)")

            let leader = try await cluster.leader()
            leader.kill()
            for _ in 0..<5 { #expect(try await mount.contents("data/a/x") == content) }
            try leader.start()
            try await leader.untilReady()

            let pid = try await mount.servingProcess()
            kill(pid, SIGKILL)
            try await waitUntil("a dead mount in the status") {
                try await cluster.done(["fuse", "status"]).contains("dead")
            }
            try await mount.mount()
            #expect(try await mount.contents("data/a/x") == content)
            #expect(try await mount.servingProcess() != pid)
            try await mount.unmount()
            let rest = try await cluster.done(["fuse", "status", "-o", "json"])
            #expect(!rest.contains(mount.directory))
        }
    }
}

/// A mount of the whole tree of a cluster; unmounted with its last reference.
final class FuseMountPoint: Sendable {
    let directory: String
    private let cluster: TarnCluster

    init(of cluster: TarnCluster) async throws {
        self.cluster = cluster
        directory = "\(cluster.directory)/m\(Int.random(in: 0..<1_000_000))"
        try FileManager.default.createDirectory(
            atPath: directory,
            withIntermediateDirectories: true
        )
        try await mount()
    }

    deinit {
        // Safe because: the path lives through the call, which copies it. Mostly nothing is there.
        _ = unsafe umount2(directory, Int32(MNT_DETACH))
    }

    func mount() async throws {
        let run = try await cluster.tarn([
            "fuse", "mount", directory, "--output", "json", "--addr",
            cluster.workers.map(\.address).joined(separator: ","),
        ])
        guard run.status == 0 else {
            throw TestKitError.failed("fuse mount: \(run.summary)", output: cluster.logEnds)
        }
        let row = try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [String: Any]
        #expect(row?["directory"] as? String == directory && row?["state"] as? String == "serving")
    }

    func unmount() async throws {
        let text = try await cluster.done(["fuse", "unmount", directory, "-o", "json"])
        #expect(text == "{\"directory\":\"\(directory)\"}\n")
    }

    func servingProcess() async throws -> pid_t {
        let text = try await cluster.done(["fuse", "status", "-o", "json"])
        let rows = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [[String: Any]]
        let row = rows?.first { $0["directory"] as? String == directory }
        guard let pid = row?["pid"] as? Int else {
            throw TestKitError.failed("no pid of \(directory)", output: text)
        }
        return pid_t(pid)
    }

    /// Reads in a process of its own: a mount that hangs must not hang the tests with it.
    func contents(_ path: String) async throws -> [UInt8] {
        let copy = "\(cluster.directory)/copy-\(Int.random(in: 0..<1_000_000))"
        defer { try? FileManager.default.removeItem(atPath: copy) }
        let process = try ChildProcess(
            "/bin/cp",
            ["\(directory)/\(path)", copy],
            logPath: "\(copy).log",
            tie: .toThisProcess
        )
        guard try await process.waitForExit(within: .seconds(120)) == 0 else {
            throw TestKitError.failed("cp \(path)", output: process.output)
        }
        return Array(FileManager.default.contents(atPath: copy) ?? Data())
    }

    /// Copies the whole tree and compares every byte.
    func readAll(_ corpus: [Corpus.Object], below path: String) async throws {
        let copy = "\(cluster.directory)/tree-\(Int.random(in: 0..<1_000_000))"
        defer { try? FileManager.default.removeItem(atPath: copy) }
        let process = try ChildProcess(
            "/bin/cp",
            ["-r", "\(directory)/\(path)", copy],
            logPath: "\(copy).log",
            tie: .toThisProcess
        )
        let code = try await process.waitForExit(within: .seconds(180))
        #expect(code == 0, "\(process.output.prefix(2000))")
        for object in corpus {
            let bytes = FileManager.default.contents(atPath: "\(copy)/\(object.key)")
            #expect(bytes == Data(object.bytes), "\(object.key)")
        }
    }
}
