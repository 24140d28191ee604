// SPDX-License-Identifier: Apache-2.0
import APIModel
import Foundation
import TestKit
import Testing

extension ProcessTests {
    /// `GET /v1/watch` on every worker: order, state first, resumption.
    @Suite struct WatchTests {
        @Test func aWatchTellsEveryChangeInOrderOnEveryWorker() async throws {
            let cluster = try await TarnCluster.formed()
            #expect(try await cluster[1].putMount("/data/old", "s3://lake/old").status == 201)
            let head = try await cluster[1].cluster().revision
            var watches: [WebLines] = []
            for worker in cluster.workers {
                watches.append(
                    try await worker.web.lines("/v1/watch?from=\(head + 1)&prefix=mounts/")
                )
            }
            var expected: [String] = []
            for round in 0..<20 {
                let path = "/data/m\(round % 5)"
                let worker = cluster.workers[round % 3]
                if round >= 15 {
                    _ = try await worker.web.call("DELETE", "/v1/mount?path=\(path)")
                    expected.append("delete mounts/\(path)")
                } else {
                    let answer = try await worker.putMount(path, "s3://b/x", ["If-Match": "*"])
                    #expect([200, 201].contains(answer.status), "\(answer.text)")
                    expected.append("put mounts/\(path)")
                }
            }
            for watch in watches {
                try await waitUntil("20 changes; \(watch.lines)") {
                    try changes(watch).count >= expected.count
                }
                #expect(try changes(watch).map { "\($0.type) \($0.key)" } == expected)
                let revisions = try changes(watch).map(\.revision)
                #expect(revisions == revisions.sorted() && Set(revisions).count == revisions.count)
                #expect(revisions.first.map { $0 > head } ?? false)
                try await waitUntil("a progress line", within: .seconds(15)) {
                    try decoded(watch).contains { line in
                        if case .progress(let revision) = line {
                            return revision >= revisions.last ?? .max
                        }
                        return false
                    }
                }
                #expect(!watch.hasEnded)
            }
        }

        @Test func aWatchBeginsWithTheStateAndIsResumedWithoutAGap() async throws {
            let cluster = try await TarnCluster.formed()
            for name in ["b", "a", "c"] {
                #expect(try await cluster[1].putMount("/data/\(name)", "s3://l/x").status == 201)
            }
            let watch = try await cluster[2].web.lines("/v1/watch?state=true&prefix=mounts/")
            try await waitUntil("the state") {
                try decoded(watch).contains { if case .progress = $0 { true } else { false } }
            }
            let begin = try decoded(watch)
            let states = begin.compactMap { line -> String? in
                if case .state(_, let key, _) = line { key } else { nil }
            }
            #expect(states.sorted() == ["mounts//data/a", "mounts//data/b", "mounts//data/c"])
            guard case .progress(let complete) = begin[states.count] else {
                Issue.record("the line behind the state is no progress: \(watch.lines)")
                return
            }
            watch.close()

            #expect(try await cluster[3].putMount("/data/d", "s3://l/x").status == 201)
            cluster[2].kill()
            let resumed = try await cluster[1].web.lines("/v1/watch?from=\(complete + 1)")
            try await waitUntil("the change since; \(resumed.lines)") {
                try changes(resumed).contains { $0.key == "mounts//data/d" }
            }
            // A change of several keys has one revision and its lines stand together.
            let fourth = try cluster.additional("w4")
            try fourth.start(join: cluster.peers)
            defer { fourth.kill() }
            try await fourth.untilReady()
            try await waitUntil("the ring with w4; \(resumed.lines)") {
                try changes(resumed).contains { $0.key == "rings/default" }
            }
            let lines = try changes(resumed)
            let group = lines.filter { line in
                line.revision == lines.last { $0.key == "rings/default" }?.revision
            }
            #expect(group.count >= 2 && group.contains { $0.key.hasPrefix("jobs/") }, "\(lines)")
            #expect(group.dropLast().allSatisfy(\.hasMore) && group.last?.hasMore == false)
            let first = lines.firstIndex { $0.revision == group.first?.revision } ?? 0
            #expect(Array(lines[first..<(first + group.count)]) == group)
        }

        @Test func aWorkerWaitsForTheRevisionThatIsAskedFor() async throws {
            let cluster = try await TarnCluster.formed(1)
            let head = try await cluster[1].cluster().revision
            let begun = ContinuousClock.now
            let behind = try await cluster[1].web.get(
                "/v1/mounts?consistency=local",
                ["Tarn-Min-Revision": "\(head + 1000)"]
            )
            #expect(behind.status == 503 && behind.code == "behind", "\(behind.text)")
            #expect(ContinuousClock.now - begun < .seconds(15))

            async let waiting = cluster[1].web.get(
                "/v1/mounts?consistency=local",
                ["Tarn-Min-Revision": "\(head + 1)"]
            )
            #expect(try await cluster[1].putMount("/data/a", "s3://l/x").status == 201)
            #expect(try await waiting.status == 200)
        }

        // MARK: - Lines

        struct Change: Equatable {
            let revision: UInt64
            let type: String
            let key: String
            let hasMore: Bool
        }

        private func decoded(_ watch: WebLines) throws -> [WatchLine] {
            try watch.lines.map { try JSONDecoder().decode(WatchLine.self, from: Data($0.utf8)) }
        }

        private func changes(_ watch: WebLines) throws -> [Change] {
            try decoded(watch).compactMap { line in
                switch line {
                case .put(let revision, let key, _, let hasMore):
                    Change(revision: revision, type: "put", key: key, hasMore: hasMore)
                case .delete(let revision, let key, let hasMore):
                    Change(revision: revision, type: "delete", key: key, hasMore: hasMore)
                case .state, .progress, .closed: nil
                }
            }
        }
    }
}
