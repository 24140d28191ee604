// SPDX-License-Identifier: Apache-2.0
import APIModel
import TestKit
import Testing

extension LabTests {
    /// A mount table for three regions: what is said in one is soon true in all, and the same in all.
    @Suite(.enabled(if: LabRig.canBuild, LabRig.needs))
    struct PropagationTests {
        static let farthestMS = 140.0
        /// `dev/regions` asks for all; a part shows as much every day.
        static let changeCount = LabRig.isPatient ? 200 : 40
        static let regions = ["ap", "us", "eu"]

        @Test func everyRegionResolvesAlikeAfterEveryChange() async throws {
            let flags = [
                "--regions", "ap,us,eu", "--workers", "2", "--rtt",
                "ap-us=140ms,ap-eu=120ms,us-eu=60ms", "--jitter", "2ms",
            ]
            try await Lab.with(flags) { lab in
                try await lab.tarnDone(
                    [
                        "cluster", "init", "--voters", "3", "--survive", "region", "--timing",
                        "wan", "--timeout", "60s",
                    ],
                    at: "ap1"
                )
                let workers = try await LabWorkers(lab)
                try await workers.untilReady()
                var watches: [Arrivals] = []
                for worker in workers.all { watches.append(try await Arrivals(of: worker.web)) }

                var times: [Double] = []
                var slowest = (time: 0.0, what: "nothing")
                var last: UInt64 = 0
                for number in 0..<Self.changeCount {
                    let place = number % workers.all.count
                    let began = ContinuousClock.now
                    let revision = try await Self.change(number, at: workers.clients[place])
                    for (watch, worker) in zip(watches, workers.all) {
                        let arrived = try await watch.time(of: revision, after: last)
                        let time = Double((arrived - began).nanoseconds) / 1_000_000
                        times.append(time)
                        if time > slowest.time {
                            slowest = (
                                time,
                                "number \(number), from \(workers.names[place]) to \(worker.name)"
                            )
                        }
                    }
                    try await Self.compare(number, at: revision, workers)
                    last = revision
                }
                times.sort()
                let p99 = times[min(times.count - 1, times.count * 99 / 100)]
                let limit = 2 * Self.farthestMS + 300
                print(
                    "\(Self.changeCount) changes at \(workers.all.count) workers of 3 regions: "
                        + "from the request to the event, median \(times[times.count / 2]) ms, "
                        + "p99 \(p99) ms, longest \(slowest.time) ms (\(slowest.what)); limit \(limit) ms"
                )
                #expect(p99 <= limit)
            }
        }

        /// Creates, replaces with other overrides, or removes; answers the revision, or of a removal one
        /// that is no earlier: workers that register and rings that settle make revisions, too.
        private static func change(_ number: Int, at worker: WebClient) async throws -> UInt64 {
            let target = "/v1/mount?path=\(path(number))"
            if number % 5 == 4 {
                let answer = try await worker.call("DELETE", target)
                #expect(answer.status == 200, "\(answer.text)")
                return try #require(answer.headers["tarn-revision"].flatMap { UInt64($0) })
            }
            let body = """
                {"origin":"s3://everywhere-\(number)/x",\
                "regions":{"us":"s3://us-\(number)/y"}}
                """
            let answer = try await worker.call("PUT", target, ["If-Match": "*"], body: body)
            #expect([200, 201].contains(answer.status), "\(answer.text)")
            return try answer.document(MountDocument.self).modRevision
        }

        /// Each path is written some times before it is removed, and made again.
        private static func path(_ number: Int) -> String { "/data/m\(number / 5 % 7)" }

        /// Every worker says the same of every region, at one revision.
        private static func compare(
            _ number: Int,
            at revision: UInt64,
            _ workers: LabWorkers
        ) async throws {
            var told: [String: Set<String>] = [:]
            var revisions: Set<UInt64> = [revision]
            // A worker that registers meanwhile makes revisions of its own.
            for _ in 0..<5 {
                let least = revisions.max() ?? revision
                (told, revisions) = ([:], [])
                for worker in workers.all {
                    for region in regions {
                        let answer = try await worker.web.get(
                            "/v1/resolve?path=\(path(number))/k&region=\(region)&consistency=local",
                            ["Tarn-Min-Revision": "\(least)"]
                        )
                        let origin = answer.json["origin"] as? String ?? "\(answer.status)"
                        told[region, default: []].insert(origin)
                        revisions.insert(answer.headers["tarn-revision"].flatMap(UInt64.init) ?? 0)
                    }
                }
                if revisions.count == 1 { break }
            }
            #expect(revisions.count == 1, "change \(number): \(revisions)")
            let isGone = number % 5 == 4
            for region in regions {
                let bucket = region == "us" ? "us-\(number)/y" : "everywhere-\(number)/x"
                #expect(told[region] == [isGone ? "404" : "s3://\(bucket)/k"], "change \(number)")
            }
        }
    }
}

/// When each revision's event came to a watch.
final class Arrivals: Sendable {
    private let lines: WebLines

    init(of worker: WebClient) async throws {
        lines = try await worker.lines("/v1/watch?prefix=mounts/")
        try await waitUntil("a watch of port \(worker.port) begins") { lines.status == 200 }
    }

    /// When the one change behind `earlier` came, which is of `revision` or before.
    func time(of revision: UInt64, after earlier: UInt64) async throws -> ContinuousClock.Instant {
        var found: ContinuousClock.Instant?
        try await waitUntil("revision \(revision)") {
            found = lines.changes.last { (earlier + 1...revision).contains($0.revision) }?.time
            return found != nil
        }
        return try #require(found)
    }
}
