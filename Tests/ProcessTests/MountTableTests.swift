// SPDX-License-Identifier: Apache-2.0
import APIModel
import Foundation
import TestKit
import Testing

extension ProcessTests {
    /// Writes with conditions and keys, and how new reads are.
    @Suite struct MountTableTests {
        static let refusedPaths = [
            "", "/", "data/a", "/data/", "//data", "/data//a", "/data/./a", "/data/../a", "/..",
            "/data/%00", "/data/%FF",
        ]

        @Test func mountsAreWrittenAsTheConditionsSay() async throws {
            let cluster = try await TarnCluster.formed(1)
            let worker = cluster[1]
            let created = try await worker.putMount("/data/a", "s3://lake/a")
            #expect(created.status == 201, "\(created.text)")
            let first = try created.document(MountDocument.self)
            #expect(created.headers["etag"] == "\"\(first.modRevision)\"")
            #expect(first.createRevision == first.modRevision)
            #expect(try await worker.putMount("/data/a", "s3://lake/a").code == "mount-exists")

            let revision = first.modRevision
            for (value, status) in [
                ("\(revision)", 200), ("\"\(revision + 1)\"", 200), ("*", 200),
                ("\(revision)", 412),
                ("\"99999\"", 412), ("0", 412), ("x", 400),
            ] {
                let answer = try await worker.putMount(
                    "/data/a",
                    "s3://lake/a",
                    ["If-Match": value]
                )
                #expect(answer.status == status, "If-Match: \(value): \(answer.text)")
                guard status == 412 else { continue }
                #expect(answer.code == "revision-mismatch")
                #expect(answer.json["modRevision"] as? Int == Int(revision + 3))
            }
            let absent = ["If-None-Match": "*"]
            #expect(try await worker.putMount("/data/a", "s3://lake/a", absent).status == 412)
            #expect(try await worker.putMount("/data/b", "s3://lake/b", absent).status == 201)
            let zero = ["If-Match": "0"]
            #expect(try await worker.putMount("/data/c", "s3://lake/c", zero).status == 201)

            let target = "/v1/mount?path=/data/a"
            #expect(try await worker.web.call("DELETE", target, ["If-Match": "1"]).status == 412)
            let removed = try await worker.web.call("DELETE", target)
            #expect(removed.status == 200)
            let last = try removed.document(MountDocument.self)
            #expect(last.path == "/data/a" && last.createRevision == revision)
            #expect(try await worker.web.call("DELETE", target).code == "not-found")
            #expect(try await worker.web.get(target).status == 404)
            let head = try await worker.web.call("HEAD", "/v1/mount?path=/data/b")
            #expect(head.status == 200 && head.body.isEmpty)
        }

        @Test func whatIsWrongIsRefusedByNameAndNeverRewritten() async throws {
            let cluster = try await TarnCluster.formed(1)
            let worker = cluster[1]
            for path in Self.refusedPaths {
                let answer = try await worker.putMount(path, "s3://lake/a")
                #expect(answer.status == 400, "\(path): \(answer.text)")
                #expect(answer.code == "bad-path", "\(path)")
            }
            #expect(try await worker.web.get("/v1/mounts").json["items"] as? [String] == [])

            let option = try await worker.web.call(
                "PUT",
                "/v1/mount?path=/data/a",
                body: #"{"origin":"s3://lake/a","options":{"endpont":"http://127.0.0.1:1"}}"#
            )
            #expect(option.status == 400 && option.code == "unknown-option")
            #expect(option.text.contains("endpoint"))
            let scheme = try await worker.putMount("/data/a", "gs://lake/a")
            #expect(scheme.status == 400 && scheme.code == "unknown-scheme")
            let member = try await worker.web.call(
                "PUT",
                "/v1/mount?path=/data/a",
                body: #"{"origin":"s3://lake/a","replcas":2}"#
            )
            #expect(member.status == 400 && member.text.contains("replicas"))

            for (words, status, hint) in [
                (["mount", "ad", "/data/a", "s3://lake"], 64, "add"),
                (["muont", "list"], 64, "mount"),
                (
                    ["mount", "add", "/data/a", "s3://lake", "--option", "endpont=x"], 64,
                    "endpoint"
                ),
                (["mount", "add", "data/a", "s3://lake", "--no-check"], 64, "bad-path"),
                (["mount", "show", "/data/none"], 3, "not-found"),
                (["mount", "remove", "/data/none"], 64, "--yes"),
                (["mount", "remove", "/data/none", "--yes"], 3, "not-found"),
            ] as [([String], Int32, String)] {
                let run = try await cluster.tarn(words)
                #expect(run.status == status, "\(words): \(run.summary)")
                #expect(run.errors.contains(hint), "\(words): \(run.summary)")
            }
        }

        @Test func anIdempotencyKeyMakesARepetitionTakeEffectOnce() async throws {
            let cluster = try await TarnCluster.formed()
            let key = ["Idempotency-Key": "once-1"]
            let first = try await cluster[1].putMount("/data/a", "s3://lake/a", key)
            let second = try await cluster[2].putMount("/data/a", "s3://lake/a", key)
            #expect(first.status == 201)
            #expect(second.status == 201)
            #expect(try first.document(MountDocument.self) == second.document(MountDocument.self))
            let other = try await cluster[3].putMount("/data/a", "s3://lake/other", key)
            #expect(other.status == 422 && other.code == "idempotency-key-reused")

            let refused = ["Idempotency-Key": "once-2"]
            #expect(try await cluster[1].putMount("/data/a", "s3://lake/a", refused).status == 409)
            #expect(try await cluster[1].web.call("DELETE", "/v1/mount?path=/data/a").status == 200)
            let replayed = try await cluster[2].putMount("/data/a", "s3://lake/a", refused)
            #expect(replayed.status == 409, "the first outcome is returned again")
        }

        @Test func aWriteAtOneWorkerIsReadAtOnceFromAnyOther() async throws {
            let cluster = try await TarnCluster.formed()
            for round in 0..<30 {
                let writer = cluster.workers[round % 3]
                let path = "/data/r\(round)"
                let stored = try await writer.putMount(path, "file:///tmp/\(round)")
                #expect(stored.status == 201, "\(stored.text)")
                let revision = try stored.document(MountDocument.self).modRevision
                for worker in cluster.workers {
                    let read = try await worker.web.get("/v1/resolve?path=\(path)/x")
                    #expect(read.json["origin"] as? String == "file:///tmp/\(round)/x")
                    let local = try await worker.web.get(
                        "/v1/resolve?path=\(path)/x&consistency=local",
                        ["Tarn-Min-Revision": "\(revision)"]
                    )
                    #expect(local.status == 200)
                    #expect(
                        (local.headers["tarn-revision"].flatMap { UInt64($0) } ?? 0) >= revision
                    )
                    #expect(local.headers["tarn-staleness-ms"].flatMap { UInt64($0) } != nil)
                }
            }
        }

        @Test func theCommandLineDoesWhatTheAPIDoes() async throws {
            let cluster = try await TarnCluster.formed(1)
            let add = ["mount", "add", "/data/a", "s3://lake/a", "--no-check"]
            try await cluster.done(add + ["--option", "region=eu-1", "--replicas", "2"])
            let again = try await cluster.tarn(
                add + ["--option", "region=eu-1", "--replicas", "2"]
            )
            #expect(again.status == 0 && again.output.contains("equal"), "\(again.summary)")
            let different = try await cluster.tarn(add)
            #expect(different.status == 1 && different.errors.contains("mount-exists"))

            let shown = try await cluster.done(["mount", "show", "/data/a", "-o", "json"])
            let mount = try JSONDecoder().decode(MountDocument.self, from: Data(shown.utf8))
            #expect(mount.options == ["region": "eu-1"] && mount.replicas == 2)
            try await cluster.done(["mount", "update", "/data/a", "--replicas", "1", "--no-check"])
            let list = try await cluster.done(["mount", "list", "-o", "json"])
            let mounts = try JSONDecoder().decode([MountDocument].self, from: Data(list.utf8))
            #expect(mounts.map(\.replicas) == [1])
            #expect(mounts.first?.options == ["region": "eu-1"])
            let resolved = try await cluster.done(["mount", "resolve", "/data/a/x y", "-o", "json"])
            #expect(resolved.contains("s3:") && resolved.contains("x y"))
            try await cluster.done(["mount", "remove", "/data/a", "--yes"])
            #expect(try await cluster.tarn(["mount", "resolve", "/data/a/x"]).status == 3)
            let nobody = try await TarnBinary.run(
                ["--addr", "127.0.0.1:1", "mount", "list"],
                in: cluster.directory
            )
            #expect(nobody.status == 8, "\(nobody.summary)")
        }
    }
}
