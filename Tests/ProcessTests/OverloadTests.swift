// SPDX-License-Identifier: Apache-2.0
import APIModel
import APIModel
import Synchronization
import TestKit
import Testing

extension ProcessTests {
    /// More writes than are taken: an answer of its own, and no harm to anything else.
    @Suite struct OverloadTests {
        private static let writerCount = 450
        private static let floodTime = Duration.seconds(6)

        /// What writers and readers were told.
        private final class Flood: Sendable {
            struct Told {
                var byStatus: [Int: Int] = [:]
                /// Of those that were refused, what they lack.
                var complaints: Set<String> = []
                var longestRead = Duration.zero
            }

            private let state = Mutex(Told())

            var told: Told { state.withLock { $0 } }

            func noteRead(_ took: Duration) {
                state.withLock { $0.longestRead = max($0.longestRead, took) }
            }

            func note(_ answer: WebAnswer) {
                let isRefusal =
                    answer.status == 429 && answer.code == "overloaded"
                    && answer.headers["retry-after"] == "1"
                    && answer.json["outcome"] as? String == "not-applied"
                state.withLock { told in
                    told.byStatus[answer.status, default: 0] += 1
                    guard answer.status != 200, !isRefusal else { return }
                    told.complaints.insert(
                        "\(answer.status) \(answer.headers) \(answer.text.prefix(300))"
                    )
                }
            }
        }

        /// Goal: a flood from hundreds of writers is answered 429 where it is too much; nobody stands
        /// for election, nobody else leads, and local reads go on.
        @Test func aFloodOfWritesIsRefusedAndElectsNobody() async throws {
            let cluster = try await TarnCluster.formed()
            for number in 0..<20 {
                let answer = try await cluster[1].putMount("/w/m\(number)", "s3://lake/x")
                #expect(answer.status == 201)
            }
            let leader = try await cluster.leader().name
            let term = try await cluster[1].cluster().term
            let flood = Flood()
            let end = ContinuousClock.now + Self.floodTime
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<Self.writerCount {
                    let worker = cluster.workers[number % 3]
                    group.addTask {
                        while ContinuousClock.now < end {
                            let answer = try await worker.putMount(
                                "/w/m\(number % 20)",
                                "s3://lake/\(number)",
                                ["If-Match": "*"]
                            )
                            flood.note(answer)
                        }
                    }
                }
                for worker in cluster.workers {
                    group.addTask {
                        while ContinuousClock.now < end {
                            let asked = ContinuousClock.now
                            let answer = try await worker.web.get(
                                "/v1/resolve?path=/w/m1/x&consistency=local"
                            )
                            #expect(answer.status == 200, "\(answer.text)")
                            flood.noteRead(ContinuousClock.now - asked)
                            let seen = try await worker.cluster()
                            #expect((seen.term, seen.leader) == (term, leader), "amid the flood")
                        }
                    }
                }
                try await group.waitForAll()
            }

            let told = flood.told
            print("flood: \(told.byStatus), longest local read \(told.longestRead)")
            #expect(told.complaints.isEmpty)
            #expect(Set(told.byStatus.keys).isSubset(of: [200, 429]), "\(told.byStatus)")
            #expect(told.byStatus[429] ?? 0 > 100, "the flood was too small: \(told.byStatus)")
            #expect(told.byStatus[200] ?? 0 > 100, "nothing was taken: \(told.byStatus)")
            for worker in cluster.workers {
                let seen = try await worker.cluster()
                #expect((seen.term, seen.leader) == (term, leader), "\(worker.name)")
                let answer = try await worker.putMount("/w/m1", "s3://x", ["If-Match": "*"])
                #expect(answer.status == 200, "writes go on: \(answer.text)")
            }
        }
    }
}
