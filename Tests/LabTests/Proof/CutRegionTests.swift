// SPDX-License-Identifier: Apache-2.0
import APIModel
import Foundation
import TestKit
import Testing

extension LabTests {
    /// A region that is cut off from the quorum: what it knows and has it serves, what it cannot promise
    /// it refuses at once, and when it is back it has missed nothing for long.
    @Suite(.enabled(if: LabRig.canBuild, LabRig.needs))
    struct CutRegionTests {
        @Test func aRegionAloneServesRefusesAndCatchesUp() async throws {
            let flags = [
                "--regions", "ap,us,eu", "--workers", "2", "--rtt",
                "ap-us=140ms,ap-eu=120ms,us-eu=60ms", "--jitter", "2ms",
            ]
            try await Lab.with(flags) { lab in
                let origin = "\(lab.state)/origin"
                try Self.write("seen before", to: "\(origin)/a/warm")
                try await lab.tarnDone(
                    [
                        "cluster", "init", "--voters", "3", "--survive", "region", "--timing",
                        "wan", "--timeout", "60s",
                    ],
                    at: "us1"
                )
                let workers = try await LabWorkers(lab)
                try await workers.untilReady()
                try await lab.tarnDone(["mount", "add", "/d", "file://\(origin)/a"], at: "us1")
                let alone = try #require(workers["ap2"])
                try await waitUntil("ap2 serves /d\n\(lab.logEnds)") {
                    try await alone.get("/v1/files/d/warm").text == "seen before"
                }
                try await waitUntil("both workers of ap are in its ring\n\(lab.logEnds)") {
                    let view = try await alone.get("/v1/cluster").document(ClusterDocument.self)
                    return view.regions["ap"]?.workers == 2
                }
                let epoch = try await alone.get("/v1/ring?region=ap").headers["tarn-region-epoch"]

                try await lab.done(["partition", "ap", "us,eu"])
                try await Self.refuses(alone, lab)
                try Self.write("never seen", to: "\(origin)/a/cold")
                let target = "/v1/resolve?path=/d/warm&consistency=local"
                let resolved = try await alone.get(target)
                #expect(resolved.json["origin"] as? String == "file://\(origin)/a/warm")
                #expect(try await alone.get("/v1/files/d/warm").text == "seen before")
                #expect(try await alone.get("/v1/files/d/cold").text == "never seen")

                // The others go on; what they change is news for the region that was away.
                try await waitUntil("the others write\n\(lab.logEnds)") {
                    let words = ["mount", "add", "/e", "file://\(origin)/a", "--timeout", "5s"]
                    return try await lab.tarn(words, at: "us2").status == 0
                }
                let ring = try await alone.get("/v1/ring?region=ap&consistency=local")
                #expect(ring.headers["tarn-region-epoch"] == epoch)
                let head = await workers.views().map(\.revision).max() ?? 0

                try await lab.done(["heal"])
                let healed = ContinuousClock.now
                try await waitUntil("ap2 is at \(head)\n\(lab.logEnds)") {
                    let known = try await alone.get("/v1/mounts?consistency=local")
                    return known.headers["tarn-revision"].flatMap(UInt64.init) ?? 0 >= head
                }
                let took = Double((ContinuousClock.now - healed).nanoseconds) / 1_000_000_000
                print("a region that was cut off was at the head \(took) s after it was healed")
                #expect(took <= 3)
            }
        }

        /// Once it knows, writes are refused within a second, with who is missing.
        private static func refuses(_ worker: WebClient, _ lab: Lab) async throws {
            let body = #"{"origin":"file:///tmp"}"#
            try await waitUntil("ap2 knows that it is alone\n\(lab.logEnds)") {
                let answer = try await worker.call("PUT", "/v1/mount?path=/alone", body: body)
                return answer.code == "no-quorum"
            }
            let began = ContinuousClock.now
            let again = try await worker.call("PUT", "/v1/mount?path=/alone", body: body)
            let soon = Double((ContinuousClock.now - began).nanoseconds) / 1_000_000_000
            #expect(again.code == "no-quorum" && soon <= 1, "\(soon) s: \(again.text)")
            #expect(again.json["outcome"] as? String == "not-applied")
            print("refused in \(soon) s: \(again.json["detail"] ?? "")")
            let detail = again.json["detail"] as? String ?? ""
            #expect(detail.contains("us") && detail.contains("eu"), "\(detail)")
        }

        private static func write(_ text: String, to path: String) throws {
            let url = URL(filePath: path)
            try FileManager.default.createDirectory(
                at: url.deletingLastPathComponent(),
                withIntermediateDirectories: true
            )
            try Data(text.utf8).write(to: url)
        }
    }
}
