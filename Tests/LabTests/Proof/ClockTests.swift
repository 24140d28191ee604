// SPDX-License-Identifier: Apache-2.0
import APIModel
import Foundation
import TestKit
import Testing

extension LabTests {
    /// Wall clocks that jump, on one voter and on the leader: nothing expires, nobody stands.
    @Suite(
        .enabled(if: LabRig.canBuild, LabRig.needs),
        .enabled(if: FakeClock.library != nil, "needs libfaketime")
    )
    struct ClockTests {
        static let shifts = ["+1h", "-1h", "+1y", "-1y"]

        @Test func aClockThatJumpsChangesNothing() async throws {
            let flags = ["--regions", "lan", "--workers", "3", "--rtt", "lan-lan=1ms"]
            try await Lab.with(flags) { lab in
                var clocks: [String: FakeClock] = [:]
                for name in ["lan1", "lan2", "lan3"] {
                    let clock = try FakeClock("\(lab.scratch)/clock-\(name)")
                    clocks[name] = clock
                    try await lab.done(["kill", name])
                    try await lab.done(["start", name] + clock.environment)
                }
                try await lab.tarnDone(
                    ["cluster", "init", "--voters", "3", "--timeout", "60s"],
                    at: "lan1"
                )
                let workers = try await LabWorkers(lab)
                try await workers.untilReady()
                let leader = try await workers.settledLeader()
                let follower = try #require(workers.names.first { $0 != leader })
                let before = await Facts(workers)
                let first = try #require(workers[follower])
                let watch = try await first.lines("/v1/watch?prefix=mounts/")
                try await waitUntil("a watch begins") { watch.status == 200 }
                let kept = try await Self.put(0, at: first)

                var number = 0
                for name in [follower, leader] {
                    let (clock, worker) = (try #require(clocks[name]), try #require(workers[name]))
                    for shift in Self.shifts {
                        try clock.set(shift)
                        number += 1
                        let answer = try await Self.put(number, at: worker)
                        #expect(answer.status == 201, "\(name) \(shift): \(answer.text)")
                        try await waitUntil("\(name) has \(shift)\n\(lab.logEnds)") {
                            clock.isShown(shift, by: try Self.lastTime(name, lab))
                        }
                        #expect(await Facts(workers) == before, "\(name) \(shift)\n\(lab.logEnds)")
                    }
                    try clock.set("+0")
                }
                let again = try await Self.put(0, at: first)
                #expect(again.status == 201 && again.body == kept.body, "the key is still known")
                try await waitUntil("\(number + 1) events: \(watch.lines)") {
                    watch.lines.count { $0.contains("\"put\"") } == number + 1
                }
                #expect(!watch.hasEnded)
            }
        }

        private static func put(_ number: Int, at worker: WebClient) async throws -> WebAnswer {
            try await worker.call(
                "PUT",
                "/v1/mount?path=/m\(number)",
                ["Idempotency-Key": "key-\(number)"],
                body: #"{"origin":"file:///tmp"}"#
            )
        }

        /// The year and hour at the end of a worker's log.
        private static func lastTime(_ name: String, _ lab: Lab) throws -> Date {
            let line = Lab.text("\(lab.state)/\(name)/log").split(separator: "\n").last ?? ""
            let fields = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
            let text = try #require(fields?["time"] as? String)
            return try Date(
                text,
                strategy: .iso8601.year().month().day().time(includingFractionalSeconds: true)
            )
        }

        /// What must not change when a clock does.
        private struct Facts: Equatable {
            var terms: Set<UInt64> = []
            var leaders: Set<String?> = []
            var alarms: [String] = []
            var epochs: Set<UInt64?> = []
            var workers: [String] = []

            init(_ lab: LabWorkers) async {
                for view in await lab.views() {
                    terms.insert(view.term)
                    leaders.insert(view.leader)
                    alarms += view.alarms.map(\.kind)
                    epochs.insert(view.regions["lan"]?.epoch)
                }
                for client in lab.clients {
                    let listed = try? await client.get("/v1/workers")
                        .document(Page<WorkerDocument>.self)
                    workers.append(
                        (listed?.items ?? []).map {
                            "\($0.name) \($0.state) \($0.liveness ?? "unknown")"
                        }
                        .joined(separator: ", ")
                    )
                }
            }
        }
    }
}

/// A wall clock of one process that a test moves while it runs; its monotonic clock is the machine's.
struct FakeClock {
    /// Debian's libfaketime; `nil` where it is not installed.
    static let library = ["x86_64", "aarch64"]
        .map { "/usr/lib/\($0)-linux-gnu/faketime/libfaketime.so.1" }
        .first(where: FileManager.default.fileExists)

    private let path: String

    init(_ path: String) throws {
        self.path = path
        try set("+0")
    }

    /// Flags of `Cluster/lab start`.
    var environment: [String] {
        let variables = [
            "LD_PRELOAD": Self.library ?? "", "FAKETIME_TIMESTAMP_FILE": path,
            "FAKETIME_NO_CACHE": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        ]
        return variables.flatMap { ["--env", "\($0.key)=\($0.value)"] }
    }

    func set(_ shift: String) throws {
        try Data("\(shift)\n".utf8).write(to: URL(filePath: path), options: .atomic)
    }

    /// Whether a time that was just read off this clock is where `shift` puts it, within ten minutes.
    func isShown(_ shift: String, by time: Date) -> Bool {
        let unit = shift.hasSuffix("y") ? 365.0 * 86_400 : 3_600
        let wanted = shift.hasPrefix("-") ? -unit : unit
        return abs(time.timeIntervalSinceNow - wanted) < 600
    }
}
