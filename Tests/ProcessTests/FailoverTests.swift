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
        /// Method: each change replaces whatever is there, so a second application would be a second
        /// revision; a watch at an observer that lives through it all counts them.
        @Test func tenDeadLeadersLoseNoChangeAndFailNoRead() async throws {
            let cluster = try await TarnCluster.formed()
            let content = pattern(2 << 20 | 77, seed: 3)
            try await cluster.mountDirectory(["x": content])
            for worker in cluster.workers {
                #expect(try await worker.web.get("/v1/files/data/a/x").body == content)
            }
            let observer = try cluster.additional("w4")
            try observer.start(join: cluster.peers)
            defer { observer.kill() }
            try await observer.untilReady()
            let watch = try await observer.web.lines("/v1/watch?prefix=mounts/")
            try await waitUntil("the watch") { watch.status == 200 }

            var acknowledged: [String] = []
            for round in 0..<10 {
                let leader = try await cluster.leader()
                let survivors = cluster.workers.filter { $0.name != leader.name }
                let stop = Flag()
                async let first = Self.read(survivors[0], content, until: stop)
                async let second = Self.read(survivors[1], content, until: stop)
                async let writes = Self.write(survivors, round: round)
                leader.kill()
                acknowledged += try await writes
                stop.raise()
                for (count, failure) in await [first, second] {
                    #expect(
                        failure == nil,
                        "round \(round), after \(count) reads: \(failure ?? "")"
                    )
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
            try await waitUntil("all changes at the observer; \(watch.lines)") {
                acknowledged.allSatisfy { path in
                    watch.lines.contains { $0.contains("\"mounts/\(path)\"") }
                }
            }
            for path in acknowledged {
                #expect(watch.lines.count { $0.contains("\"mounts/\(path)\"") } == 1, "\(path)")
            }
        }

        /// Paths whose mount was acknowledged; all five, or the round failed.
        private static func write(
            _ survivors: [TarnWorker],
            round: Int
        ) async throws -> [String] {
            var paths: [String] = []
            for number in 0..<5 {
                let path = "/m/r\(round)-\(number)"
                let conditions = ["Idempotency-Key": "r\(round)-\(number)", "If-Match": "*"]
                var answers: [String] = []
                try await waitUntil("\(path) stored; \(answers)") {
                    let worker = survivors[answers.count % 2]
                    let answer = try? await worker.putMount(path, "s3://lake/x", conditions)
                    answers.append("\(answer?.status ?? 0) \(answer?.code ?? "")")
                    return answer?.status == 201
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
                    // Committed is what a leader of the new term has confirmed; until then less is known.
                    try await worker.until("revision \(before.revision) again") {
                        try await worker.cluster().revision >= before.revision
                    }
                    let after = try await worker.cluster()
                    #expect(after.cluster == before.cluster)
                    #expect(after.revision == before.revision)
                }
                _ = try await cluster.leader()
                for (number, object) in objects.enumerated() {
                    let worker = cluster.workers[number % 3]
                    let answer = try await worker.web.get("/v1/files/data/s/\(object.key)")
                    #expect(answer.body == object.bytes, "\(object.key) \(answer.status)")
                }
                #expect(S3.loggedGets(server) == gets, "pages were fetched again")
                let counted = try await cluster.metric(
                    "tarn_origin_requests_total",
                    #"method="get""#
                )
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
