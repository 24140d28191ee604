// SPDX-License-Identifier: Apache-2.0
import APIModel
import Foundation
import Glibc
import Primitives
import TestKit
import Testing

extension ProcessTests {
    /// Stores that are away, refuse, or change under a reader; disks that are full.
    @Suite struct OriginFailureTests {
        @Test func anOriginThatDoesNotListIsNotMounted() async throws {
            let server = try await S3Server(.rclone)
            try await server.put([("x", [1])], bucket: "lake")
            let wrong = S3.environment.merging(["AWS_SECRET_ACCESS_KEY": "wrong"]) { $1 }
            let cluster = try await TarnCluster.formed(1, environment: wrong)

            let denied = try await cluster.tarn(S3.mount("/data/s", bucket: "lake", server))
            #expect([1, 9].contains(denied.status), "\(denied.summary)")
            #expect(denied.errors.contains("SignatureDoesNotMatch"), "\(denied.summary)")
            let absent = try await cluster.tarn(
                ["mount", "add", "/data/f", "file://\(cluster.directory)/none"]
            )
            #expect(absent.status != 0 && absent.errors.contains("none"), "\(absent.summary)")
            let nobody = try await cluster.tarn([
                "mount", "add", "/data/n", "s3://lake", "--option", "endpoint=http://127.0.0.1:1",
                "--timeout", "60s",
            ])
            #expect([1, 7].contains(nobody.status), "\(nobody.summary)")
            #expect(nobody.errors.contains("refused"), "\(nobody.summary)")
            let named = try await cluster.tarn([
                "mount", "add", "/data/c", "s3://lake", "--credential", "nosuch",
            ])
            #expect(named.status == 1, "\(named.summary)")
            #expect(named.errors.contains("[unknown-credential]"), "\(named.summary)")
            #expect(named.errors.contains("nosuch"), "\(named.summary)")
            let items = try await cluster[1].web.get("/v1/mounts").json["items"] as? [Any]
            #expect(items?.isEmpty == true)

            try await cluster.done(S3.mount("/data/s", bucket: "lake", server) + ["--no-check"])
            let read = try await cluster[1].web.get("/v1/files/data/s/x")
            #expect(read.status == 403 && read.code == "not-authorised", "\(read.text)")
        }

        @Test func whatIsCachedIsReadWhileTheStoreIsDown() async throws {
            let server = try await S3Server(.rclone)
            let content = pattern(2 << 20, seed: 4)
            try await server.put([("warm", content), ("cold", content)], bucket: "lake")
            let cluster = try await TarnCluster.formed(environment: S3.environment)
            try await cluster.done(S3.mount("/data/s", bucket: "lake", server))
            #expect(try await cluster[1].web.get("/v1/files/data/s/warm").body == content)
            #expect(try await cluster[1].web.call("HEAD", "/v1/files/data/s/cold").status == 200)

            server.process.end()
            for worker in cluster.workers {
                #expect(try await worker.web.get("/v1/files/data/s/warm").body == content)
            }
            let cold = try await cluster[1].web.get("/v1/files/data/s/cold", within: .seconds(120))
            #expect(cold.status >= 500, "\(cold.text.prefix(300))")
            #expect(cold.code == "origin-failed" || cold.code == "timeout", "\(cold.text)")
            try await cluster[1].untilReady(within: .seconds(5))
        }

        /// Goal: an object that changes or vanishes under cached attributes is read in one version, or
        /// not at all.
        @Test func aChangedObjectIsNeverMixed() async throws {
            let server = try await S3Server(.moto)
            let old = pattern(5 << 20, seed: 1)
            let new = pattern(5 << 20, seed: 2)
            try await server.put([("x", old), ("gone", old)], bucket: "lake")
            let cluster = try await TarnCluster.formed(environment: S3.environment)
            try await cluster.done(S3.mount("/data/s", bucket: "lake", server))
            // The first page is cached, the attributes are known; then the store changes its mind.
            for name in ["x", "gone"] {
                let first = try await cluster[1].web.get(
                    "/v1/files/data/s/\(name)",
                    ["Range": "bytes=0-99"]
                )
                #expect(first.body == Array(old.prefix(100)))
            }
            try await server.put([("x", new)], bucket: "lake")
            try await server.delete(["gone"], bucket: "lake")

            for worker in cluster.workers {
                for name in ["x", "gone"] {
                    // Where the answer had begun, a broken connection is all that is left.
                    let answer = try? await worker.web.get("/v1/files/data/s/\(name)")
                    guard let answer, answer.status < 400 else { continue }
                    #expect(answer.status == 200, "\(name)")
                    #expect(answer.body == old || (answer.body == new && name == "x"), "\(name)")
                }
            }
            // Whoever found the old version gone has said so: within its time to live nobody gets it.
            for worker in cluster.workers {
                let web = worker.web
                let replaced = try await web.get("/v1/files/data/s/x")
                #expect(replaced.status == 200 && replaced.body == new, "\(replaced.status)")
                #expect(try await web.get("/v1/files/data/s/gone").status == 404)
            }
            #expect(try await cluster[1].web.get("/healthz").status == 200)
            let run = try await cluster.tarn(["fs", "cat", "/data/s/gone"])
            #expect(run.status != 0, "half of it is no success")
        }

        /// A cache on a file system smaller than what is read.
        @Test(.enabled(if: getuid() == 0, "mounts a tmpfs"))
        func aFullCacheDiskCostsHitsAndNoBytes() async throws {
            let cluster = try TarnCluster(1, flags: [])
            let small = "\(cluster.directory)/small"
            try FileManager.default.createDirectory(
                atPath: small,
                withIntermediateDirectories: true
            )
            // Safe because: the strings live through the call, which copies them.
            let mounted = unsafe mount("tmpfs", small, "tmpfs", 0, "size=64m")
            try #require(mounted == 0, "mount: errno \(errno)")
            // Safe because: as above.
            defer { _ = unsafe umount2(small, Int32(MNT_DETACH)) }

            let worker = try cluster.additional("w1", flags: ["--cache", "\(small)/cache=1GiB"])
            try worker.start(join: [worker.peerAddress])
            defer { worker.kill() }
            try await worker.untilAlive()
            #expect(try await worker.web.call("POST", "/v1/cluster/init", body: "{}").status == 200)
            try await worker.untilReady()
            let origin = "\(cluster.directory)/origin"
            try FileManager.default.createDirectory(
                atPath: origin,
                withIntermediateDirectories: true
            )
            let files = (0..<12).map { ("f\($0)", pattern(10 << 20, seed: UInt64($0))) }
            for (name, bytes) in files {
                try Data(bytes).write(to: URL(filePath: "\(origin)/\(name)"))
            }
            // Something else fills the rest of the disk.
            try Data(count: 20 << 20).write(to: URL(filePath: "\(small)/others"))
            #expect(try await worker.putMount("/data/a", "file://\(origin)").status == 201)

            for _ in 0..<2 {
                for (name, bytes) in files {
                    let answer = try await worker.web.get("/v1/files/data/a/\(name)")
                    #expect(answer.status == 200, "\(name): \(answer.text.prefix(300))")
                    #expect(answer.body == bytes, "\(name)")
                }
            }
            #expect(worker.process?.exitCode == nil)
        }
    }
}
