// SPDX-License-Identifier: Apache-2.0
import APIModel
import Foundation
import Primitives
import Synchronization
import TestKit
import Testing

extension ProcessTests {
    /// Workers that die: nothing acknowledged is lost, nobody who reads notices.
    @Suite struct FailoverTests {
        /// Goal: ten leaders killed while mounts change and files are read; every acknowledged change
        /// is there, each took effect once, no read failed.
        ///
        /// Method: the writer appends to one mount's history of revisions by compare-and-set through
        /// the CLI, which retries under one key; a watch counts how often each value was stored.
        @Test func tenDeadLeadersLoseNoChangeAndFailNoRead() async throws {
            let cluster = try await TarnCluster.formed()
            let content = pattern(2 << 20 | 77, seed: 3)
            try await cluster.mountDirectory(["x": content])
            for worker in cluster.workers {
                #expect(try await worker.web.get("/v1/files/data/a/x").body == content)
            }
            let head = try await cluster[1].cluster().revision
            var acknowledged: [String] = []

            for round in 0..<10 {
                let leader = try await cluster.leader()
                let survivors = cluster.workers.filter { $0.name != leader.name }
                let stop = Flag()
                async let first = Self.read(survivors[0], content, until: stop)
                async let second = Self.read(survivors[1], content, until: stop)
                async let writes = Self.write(cluster, survivors, round: round)
                leader.kill()
                acknowledged += try await writes
                stop.raise()
                for (count, failure) in await [first, second] {
                    #expect(failure == nil, "round \(round), after \(count) reads: \(failure ?? "")")
                    #expect(count > 0)
                }
                try leader.start()
                try await leader.untilReady()
            }

            #expect(acknowledged.count == 50)
            for worker in cluster.workers {
                let mounts = try await worker.web.get("/v1/mounts?limit=1000")
                    .document(Page<MountDocument>.self).items.map(\.path)
                #expect(Set(mounts).isSuperset(of: acknowledged))
            }
            let watch = try await cluster[1].web.lines("/v1/watch?from=\(head + 1)&prefix=mounts/")
            try await waitUntil("all changes; \(String(describing: watch.status)) \(watch.lines)") {
                watch.lines.contains { $0.contains("\"progress\"") }
            }
            for path in acknowledged {
                #expect(watch.lines.count { $0.contains("\"mounts/\(path)\"") } == 1, "\(path)")
            }
        }

        /// Paths whose mount was acknowledged; all five, or the round failed.
        private static func write(
            _ cluster: TarnCluster,
            _ survivors: [TarnWorker],
            round: Int
        ) async throws -> [String] {
            var paths: [String] = []
            for number in 0..<5 {
                let path = "/m/r\(round)-\(number)"
                let addresses = survivors.map(\.address).joined(separator: ",")
                let deadline = ContinuousClock.now + .seconds(60)
                var run: TarnRun
                repeat {  // The CLI reports no-quorum at once; it may be true for an instant here.
                    run = try await TarnBinary.run(
                        ["--addr", addresses, "mount", "add", path, "s3://lake/x", "--no-check"],
                        in: cluster.directory
                    )
                } while run.status == 5 && ContinuousClock.now < deadline
                guard run.status == 0 else {
                    throw TestKitError.failed("\(path): \(run.summary)", output: cluster.logEnds)
                }
                paths.append(path)
            }
            return paths
        }

        /// Reads the file again and again; how often, and what went wrong first.
        private static func read(
            _ worker: TarnWorker,
            _ content: [UInt8],
            until stop: Flag
        ) async -> (count: Int, failure: String?) {
            var count = 0
            while !stop.isUp {
                do {
                    let answer = try await worker.web.get("/v1/files/data/a/x")
                    guard answer.status == 200, answer.body == content else {
                        return (count, "\(answer.status): \(answer.text.prefix(500))")
                    }
                } catch {
                    return (count, "\(error)")
                }
                count += 1
            }
            return (count, nil)
        }

        /// kill -9 all three; then the same once more on other ports.
        @Test func allThreeDieAndComeBackWithTheirClusterAndWarmCaches() async throws {
            let server = try await S3Server(.rclone)
            let objects = (0..<20).map { number in
                (key: "k/\(number)", bytes: pattern(300_000 + number, seed: UInt64(number)))
            }
            try await server.put(objects.map { (ByteString($0.key), $0.bytes) }, bucket: "lake")
            let cluster = try await TarnCluster.formed(environment: S3.environment)
            try await cluster.done(S3.mount("/data/s", bucket: "lake", server))
            for object in objects {
                let answer = try await cluster[1].web.get("/v1/files/data/s/\(object.key)")
                #expect(answer.body == object.bytes)
            }
            let gets = S3.loggedGets(server)
            #expect(gets == objects.count)
            let before = try await cluster[1].cluster()

            for movesAway in [false, true] {
                for worker in cluster.workers { worker.kill() }
                if movesAway { for worker in cluster.workers { try worker.moveToOtherPorts() } }
                try cluster.start()
                for worker in cluster.workers {
                    try await worker.untilReady()
                    try await worker.until("a leader") {
                        try await worker.cluster().quorum.have == 3
                    }
                    let after = try await worker.cluster()
                    #expect(after.cluster == before.cluster)
                    if !movesAway { #expect(after.revision == before.revision) }
                    #expect(after.revision >= before.revision)
                }
                _ = try await cluster.leader()
                for (number, object) in objects.enumerated() {
                    let worker = cluster.workers[number % 3]
                    let answer = try await worker.web.get("/v1/files/data/s/\(object.key)")
                    #expect(answer.body == object.bytes, "\(object.key) \(answer.status)")
                }
                #expect(S3.loggedGets(server) == gets, "pages were fetched again")
                let counted = try await cluster.metric("tarn_origin_requests_total", #"method="get""#)
                #expect(counted == 0)
            }
            #expect(try await cluster[2].putMount("/data/after", "s3://lake/x").status == 201)
        }
    }
}

/// Raised once, seen by every task.
private final class Flag: Sendable {
    private let value = Mutex(false)
    var isUp: Bool { value.withLock { $0 } }
    func raise() { value.withLock { $0 = true } }
}
