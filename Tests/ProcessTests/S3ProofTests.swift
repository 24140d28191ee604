// SPDX-License-Identifier: Apache-2.0
import APIModel
import Foundation
import Primitives
import TestKit
import Testing

extension ProcessTests {
    /// Every byte of a real S3 server through the cluster, once.
    @Suite struct S3ProofTests {
        /// Goal: 2,000 objects of every awkward size and name arrive equal by every way, in the right
        /// order, and a second pass asks the server for nothing.
        @Test func twoThousandObjectsArriveEqualAndOnlyOnce() async throws {
            let server = try await S3Server(.rclone)
            let corpus = Corpus.large()
            try await server.put(
                corpus.map { (ByteString($0.key), $0.bytes) },
                bucket: "lake"
            )
            let cluster = try await TarnCluster.formed(environment: S3.environment)
            try await cluster.done(S3.mount("/data/s", bucket: "lake", server))

            try await readAll(corpus, of: cluster, firstWorker: 0)
            let gets = S3.loggedGets(server)
            let counted = try await cluster.metric("tarn_origin_requests_total", #"method="get""#)
            #expect(gets >= corpus.count { !$0.bytes.isEmpty })
            #expect(Int(counted) == gets, "the metric counts what the server saw")
            let fetched = try await cluster.metric("tarn_origin_read_bytes_total")
            #expect(Int(fetched) == corpus.reduce(0) { $0 + $1.bytes.count })

            try await readAll(corpus, of: cluster, firstWorker: 1)
            try await compareTree(corpus, of: cluster)
            #expect(S3.loggedGets(server) == gets, "the second pass asked the server again")
            let after = try await cluster.metric("tarn_origin_requests_total", #"method="get""#)
            #expect(after == counted)
            try await compareListings(corpus, of: cluster)
            try await compareRanges(corpus, of: cluster)
        }

        /// Over HTTP, each object through another worker.
        private func readAll(
            _ corpus: [Corpus.Object],
            of cluster: TarnCluster,
            firstWorker: Int
        ) async throws {
            for (number, object) in corpus.enumerated() {
                let worker = cluster.workers[(number + firstWorker) % 3]
                let answer = try await worker.web.get("/v1/files/data/s/\(S3.encoded(object.key))")
                #expect(answer.status == 200, "\(object.key): \(answer.text.prefix(500))")
                #expect(answer.body == object.bytes, "\(object.key)")
            }
        }

        /// `fs get -r` into a directory, and `fs cat` of the odd names.
        private func compareTree(_ corpus: [Corpus.Object], of cluster: TarnCluster) async throws {
            let copy = "\(cluster.directory)/copy"
            try await cluster.done(["fs", "get", "-r", "/data/s", copy, "--timeout", "120s"])
            for object in corpus {
                let copied = FileManager.default.contents(atPath: "\(copy)/\(object.key)")
                #expect(copied == Data(object.bytes), "\(object.key)")
            }
            for object in corpus where object.key.hasPrefix("odd/") {
                let run = try await cluster.tarn(["fs", "cat", "/data/s/\(object.key)"])
                #expect(run.status == 0, "\(object.key): \(run.errors)")
                #expect(run.output == String(decoding: object.bytes, as: UTF8.self))
            }
        }

        private func compareListings(
            _ corpus: [Corpus.Object],
            of cluster: TarnCluster
        ) async throws {
            for directory in ["", "many", "odd", "sizes", "deep/a/b/c/d/e/f/g"] {
                var names: [String] = []
                var after = ""
                repeat {
                    let path = S3.encoded("/data/s/\(directory)")
                    let page = try await cluster[2].web.get(
                        "/v1/list?path=\(directory.isEmpty ? "/data/s" : path)&limit=300\(after)"
                    ).document(ListDocument.self)
                    names += page.entries.map { $0.name + ($0.type == .directory ? "/" : "") }
                    after = page.next.map { "&after=\(S3.encoded($0))" } ?? ""
                } while !after.isEmpty
                let expected = Corpus.names(below: directory, of: corpus)
                // As bytes: two of the names are equal to Swift.
                #expect(names.map { Array($0.utf8) } == expected.map { Array($0.utf8) })
            }
        }

        private func compareRanges(_ corpus: [Corpus.Object], of cluster: TarnCluster) async throws
        {
            guard let large = corpus.max(by: { $0.bytes.count < $1.bytes.count }) else { return }
            let size = large.bytes.count
            let target = "/v1/files/data/s/\(S3.encoded(large.key))"
            let ranges = [
                0..<1, 1_048_575..<1_048_577, (64 << 20) - 3..<(64 << 20) + 5, size - 1..<size,
            ]
            for range in ranges {
                let header = ["Range": "bytes=\(range.lowerBound)-\(range.upperBound - 1)"]
                let answer = try await cluster[3].web.get(target, header)
                #expect(answer.status == 206)
                #expect(answer.body == Array(large.bytes[range]), "\(range)")
            }
            let suffix = try await cluster[1].web.get(target, ["Range": "bytes=-7"])
            #expect(suffix.body == Array(large.bytes.suffix(7)))
            let beyond = try await cluster[1].web.get(target, ["Range": "bytes=\(size)-"])
            #expect(beyond.status == 416)
            #expect(beyond.headers["content-range"] == "bytes */\(size)")
        }

        /// Goal: however many ask for a cold object at the same time, each byte leaves the server once.
        @Test func eightReadersOfOneColdObjectFetchEachByteOnce() async throws {
            let server = try await S3Server(.rclone)
            let content = pattern(150 << 20, seed: 9)
            try await server.put([("big", content)], bucket: "lake")
            let cluster = try await TarnCluster.formed(environment: S3.environment)
            try await cluster.done(S3.mount("/data/s", bucket: "lake", server))
            let correct = try await withThrowingTaskGroup(of: Bool.self) { group in
                for reader in 0..<8 {
                    group.addTask {
                        let worker = cluster.workers[reader % 3]
                        let answer = try await worker.web.get(
                            "/v1/files/data/s/big",
                            within: .seconds(180)
                        )
                        return answer.status == 200 && answer.body == content
                    }
                }
                return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(correct == 8)
            let fetched = try await cluster.metric("tarn_origin_read_bytes_total")
            #expect(Int(fetched) == content.count)
            let counted = try await cluster.metric("tarn_origin_requests_total", #"method="get""#)
            #expect(Int(counted) == S3.loggedGets(server))
        }

        /// What only a server without a file system behind it can hold.
        @Test func keysThatNoFileSystemHoldsAreReadByTheirExactPath() async throws {
            let server = try await S3Server(.moto)
            let objects: [(key: String, bytes: [UInt8])] = [
                ("p", Array("the object p".utf8)), ("p/inner", pattern(12, seed: 2)),
                ("q/", []), ("a//b", pattern(13, seed: 3)), ("/lead", pattern(14, seed: 4)),
                ("d/./x", pattern(15, seed: 5)), ("d/../y", pattern(16, seed: 6)),
                ("d/plain", pattern(17, seed: 7)), ("p-", pattern(18, seed: 8)),
                ("p0", pattern(19, seed: 9)),
            ]
            try await server.put(objects.map { (ByteString($0.key), $0.bytes) }, bucket: "lake")
            let cluster = try await TarnCluster.formed(environment: S3.environment)
            try await cluster.done(S3.mount("/data/s", bucket: "lake", server))

            for pass in 0..<2 {
                for object in objects where object.key != "q/" {
                    let worker = cluster.workers[pass]
                    let target = "/v1/files/data/s/\(S3.encoded(object.key))"
                    let answer = try await worker.web.get(target)
                    #expect(answer.status == 200, "\(object.key): \(answer.text)")
                    #expect(answer.body == object.bytes, "\(object.key)")
                }
            }
            #expect(S3.loggedGets(server) == objects.count - 1)
            let root = try await cluster[1].web.get("/v1/list?path=/data/s")
                .document(ListDocument.self).entries
            #expect(
                root.map { $0.name + ($0.type == .directory ? "/" : "") }
                    == ["a/", "d/", "p-", "p/", "p0", "q/"]
            )
            let inner = try await cluster[1].web.get("/v1/list?path=/data/s/d")
                .document(ListDocument.self).entries
            #expect(inner.map(\.name) == ["plain"])
            #expect(try await cluster.metric("tarn_list_hidden_total") >= 2)
            let cat = try await cluster.tarn(["fs", "cat", "/data/s/p"])
            #expect(cat.output == "the object p", "\(cat.summary)")
        }
    }
}
