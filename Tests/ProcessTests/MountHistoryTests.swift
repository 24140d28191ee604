// SPDX-License-Identifier: Apache-2.0
import APIModel
import Foundation
import TestKit
import Testing

extension ProcessTests {
    /// What a mount was, and going back to it.
    @Suite struct MountHistoryTests {
        /// Goal: put, replace, remove and create again are all there, equal at every worker, at one that
        /// joins later, and after all were killed.
        @Test func everyWorkerRemembersAcrossRestarts() async throws {
            let cluster = try await TarnCluster.formed()
            for origin in ["s3://lake/one", "s3://lake/two"] {
                let put = try await cluster[1].putMount("/data/a", origin, ["If-Match": "*"])
                #expect(put.status < 300, "\(put.text)")
            }
            let gone = try await cluster[2].web.call("DELETE", "/v1/mount?path=/data/a")
            #expect(gone.status == 200)
            #expect(try await cluster[3].putMount("/data/a", "s3://lake/three").status == 201)

            let before = try await Self.history(cluster[1])
            #expect(before.items.map(\.type) == [.put, .put, .delete, .put])
            #expect(
                before.items.map { $0.value?.origin }
                    == ["s3://lake/one", "s3://lake/two", nil, "s3://lake/three"]
            )
            #expect(before.items.map(\.revision) == before.items.map(\.revision).sorted())
            #expect(before.items.allSatisfy { $0.time != nil })
            #expect(before.compactedThrough == 0 && before.next == nil)
            for worker in cluster.workers { #expect(try await Self.history(worker) == before) }

            for worker in cluster.workers { worker.kill() }
            try cluster.start()
            for worker in cluster.workers { try await worker.untilReady() }
            for worker in cluster.workers { #expect(try await Self.history(worker) == before) }
            let late = try cluster.additional("late")
            defer { late.kill() }
            try late.start(join: cluster.peers)
            try await late.untilReady()
            #expect(try await Self.history(late) == before)

            let page = try await late.web.get("/v1/mount/history?path=/data/a&limit=2")
                .document(MountHistoryDocument.self)
            #expect(page.items == Array(before.items[..<2]))
            let next = try #require(page.next)
            let rest = try await late.web.get("/v1/mount/history?path=/data/a&after=\(next)")
                .document(MountHistoryDocument.self)
            #expect(rest.items == Array(before.items[2...]) && rest.next == nil)
            #expect(try await late.web.get("/v1/mount/history?path=/data/b").code == "not-found")
            #expect(try await late.web.get("/v1/mount/history?path=data").code == "bad-path")
        }

        @Test func rollbackGoesBackAndBringsBack() async throws {
            let cluster = try await TarnCluster.formed(1)
            let add = ["mount", "add", "/data/a", "s3://lake/one", "--no-check"]
            try await cluster.done(add + ["--option", "region=eu-1", "--replicas", "2"])
            try await cluster.done(
                ["mount", "update", "/data/a", "--replicas", "3", "--origin", "us=s3://lake-us"]
                    + ["--option", "region=", "--no-check"]
            )
            let items = try await Self.history(cluster[1]).items
            try #require(items.count == 2)
            let back = ["mount", "rollback", "/data/a", "--no-check", "--revision"]
            let first = "\(items[0].revision)"

            let unasked = try await cluster.tarn(back + [first])
            #expect(unasked.status == 64, "\(unasked.summary)")
            #expect(unasked.errors.contains("replicas: 3 → 2"), "\(unasked.summary)")
            #expect(unasked.errors.contains("option region: - → eu-1"), "\(unasked.summary)")
            #expect(unasked.errors.contains("region us origin: s3://lake-us → -"))
            #expect(try await Self.history(cluster[1]).items.count == 2, "nothing was done")

            try await cluster.done(back + [first, "--yes"])
            let now = try #require(try await Self.history(cluster[1]).items.last?.value)
            #expect(now.replicas == 2 && now.options == ["region": "eu-1"] && now.regions.isEmpty)
            let again = try await cluster.done(back + [first, "--yes"])
            #expect(again.contains("so already"))
            #expect(try await Self.history(cluster[1]).items.count == 3)

            try await cluster.done(["mount", "remove", "/data/a", "--yes"])
            let table = try await cluster.done(["mount", "history", "/data/a"])
            #expect(table.contains("delete") && table.contains("replicas: 3 → 2"), "\(table)")
            let removal = try #require(try await Self.history(cluster[1]).items.last)
            #expect(removal.type == .delete)
            try await cluster.done(back + ["\(items[1].revision)", "--yes"])
            let restored = try await cluster.done(["mount", "show", "/data/a", "-o", "json"])
            #expect(restored.contains("s3://lake-us"))

            for (revision, status, word) in [
                ("\(removal.revision)", 64, "was removed"), ("9999", 3, "no revision 9999"),
                ("1", 3, "oldest that is remembered is \(first)"), ("x", 64, "--revision"),
            ] as [(String, Int32, String)] {
                let run = try await cluster.tarn(back + [revision, "--yes"])
                #expect(run.status == status, "\(revision): \(run.summary)")
                #expect(run.errors.contains(word), "\(revision): \(run.summary)")
            }
        }

        @Test func whatIsForgottenIsSaidToBe() async throws {
            let cluster = try await TarnCluster.formed(1)
            for number in 0..<105 {
                let put = try await cluster[1].putMount(
                    "/data/a",
                    "s3://lake/\(number)",
                    ["If-Match": "*"]
                )
                #expect(put.status < 300)
            }
            let history = try await Self.history(cluster[1])
            #expect(history.items.count == 100)
            #expect(history.compactedThrough > 0)
            let oldest = try #require(history.items.first)
            #expect(oldest.revision == history.compactedThrough + 1)
            #expect(oldest.value?.origin == "s3://lake/5")
            let run = try await cluster.tarn(
                ["mount", "rollback", "/data/a", "--yes", "--no-check", "-o", "json"]
                    + ["--revision", "\(history.compactedThrough)"]
            )
            #expect(run.status == 1, "\(run.summary)")
            #expect(run.errors.contains(#""code":"compacted""#), "\(run.summary)")
            #expect(run.errors.contains(#""oldest":\#(oldest.revision)"#), "\(run.summary)")
        }

        static func history(
            _ worker: TarnWorker,
            _ path: String = "/data/a"
        ) async throws -> MountHistoryDocument {
            let answer = try await worker.web.get("/v1/mount/history?path=\(path)")
            return try answer.document(MountHistoryDocument.self)
        }
    }
}
