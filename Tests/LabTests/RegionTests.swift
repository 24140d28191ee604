// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestKit
import Testing

extension LabTests {
    /// Three regions of one worker each: as far apart as asked, cut from each other, and healed.
    @Suite(.enabled(if: LabRig.canBuild, LabRig.needs))
    struct RegionTests {
        static let roundTrips = [("ap1", "us1", 60.0), ("ap1", "eu1", 80.0), ("us1", "eu1", 100.0)]
        static let flags = words(
            "--regions ap,us,eu --workers 1 --rtt ap-us=60ms,ap-eu=80ms,us-eu=100ms --jitter 2ms"
        )

        @Test func aCutRegionStandsStillTheOthersGoOnAndItCatchesUp() async throws {
            try await Lab.with(Self.flags) { lab in
                try await Self.workersHavePlacesOfTheirOwn(lab)
                try await Self.distancesAreAsAsked(lab)
                try await lab.tarnDone(
                    Self.words(
                        "cluster init --voters 3 --survive region --timing wan --timeout 60s"
                    ),
                    at: "ap1"
                )
                try await Self.add("/m/before", at: "us1", to: lab)
                for worker in ["ap1", "us1", "eu1"] {
                    try await Self.untilResolved("/m/before", at: worker, of: lab)
                }

                try await lab.done(["partition", "ap", "us,eu"])
                try await Self.add("/m/during", at: "us1", to: lab)
                try await Self.untilResolved("/m/during", at: "eu1", of: lab)
                try await waitUntil("ap1 knows that it is alone\n\(lab.logEnds)") {
                    let words = ["mount", "add", "/m/alone", "file:///tmp", "--no-check"]
                    return try await lab.tarn(words + ["--timeout", "5s"], at: "ap1").status == 5
                }
                #expect(try await !Self.resolves("/m/during", at: "ap1", of: lab))
                let paths = try #require(try await lab.status().switch?.paths)
                #expect(try #require(paths["ap-us"]).cut > 0)
                #expect(try #require(paths["eu-ap"]).cut > 0)
                #expect(try #require(paths["us-eu"]).cut == 0)

                try await lab.done(["heal"])
                try await Self.untilResolved("/m/during", at: "ap1", of: lab)
                try await Self.add("/m/after", at: "ap1", to: lab)
            }
        }

        @Test func oneWayIsDeafInOneDirection() async throws {
            try await Lab.with(Self.flags) { lab in
                try await lab.done(["one-way", "ap", "us"])
                #expect(try await lab.status().switch?.cuts == [["ap1", "us1"]])
                #expect(try await !Self.arrives(from: "ap1", to: "us1", in: lab))
                #expect(try await Self.arrives(from: "us1", to: "ap1", in: lab))
                #expect(try await Self.arrives(from: "ap1", to: "eu1", in: lab))
                #expect(try await lab.run(["ping", "us1", "ap1", "--count", "1"]).status == 6)
                try await lab.done(["heal"])
                #expect(try await Self.arrives(from: "ap1", to: "us1", in: lab))

                // All of it, and a part: 100 datagrams of which none, or all, is lost is 1 in 10^10.
                try await lab.done(["shape", "ap", "us", "--loss", "100%", "--rtt", "10ms"])
                #expect(try await !Self.arrives(from: "us1", to: "ap1", in: lab))
                try await lab.done(["shape", "ap", "us", "--loss", "20%"])
                let before = try await Self.path("us-ap", lab)
                try await Self.send(100, from: "us1", to: "ap1", in: lab)
                var after = before
                try await waitUntil("the fate of 100 datagrams: \(before), \(after)") {
                    after = try await Self.path("us-ap", lab)
                    return after.lost + after.passed >= before.lost + before.passed + 100
                }
                #expect(after.lost > before.lost && after.passed > before.passed)
            }
        }

        /// The promise of the switch: 200 Mbit/s, over 140 ms.
        @Test func twoHundredMegabitsPassOverAnOcean() async throws {
            let flags = Self.words("--regions ap,us --workers 1 --rtt 140ms --jitter 5ms")
            try await Lab.with(flags) { lab in
                let text = try await lab.done(["rate", "ap1", "us1", "-o", "json"])
                let rate = try JSONDecoder().decode([String: Double].self, from: Data(text.utf8))
                #expect(try #require(rate["megabitsPerSecond"]) >= 200, "\(rate)")
            }
        }

        private static func words(_ line: String) -> [String] {
            line.split(separator: " ").map(String.init)
        }

        // MARK: - Facts

        private static func workersHavePlacesOfTheirOwn(_ lab: Lab) async throws {
            let workers = try await lab.status().workers
            #expect(workers.map(\.name) == ["ap1", "us1", "eu1"])
            #expect(workers.map(\.region) == ["ap", "us", "eu"])
            #expect(workers.map(\.zone) == ["ap-a", "us-a", "eu-a"])
            #expect(workers.map(\.address) == ["198.18.1.1", "198.18.2.1", "198.18.3.1"])
            #expect(Set(workers.map(\.http)).count == 3)
            #expect(workers.allSatisfy { $0.process == "runs" })
        }

        /// Never nearer than asked; the best of 20 not much farther, however busy the machine is.
        private static func distancesAreAsAsked(_ lab: Lab) async throws {
            for (a, b, roundTrip) in roundTrips {
                let text = try await lab.done(["ping", a, b, "--count", "20", "-o", "json"])
                let pings = try JSONDecoder().decode([LabPing].self, from: Data(text.utf8))
                let times = pings.flatMap(\.milliseconds).compactMap(\.self)
                let least = try #require(times.min())
                #expect(times.count == 20)
                #expect(least >= roundTrip - 4 && least <= roundTrip + 10, "\(a) \(b): \(times)")
            }
        }

        private static func add(_ path: String, at worker: String, to lab: Lab) async throws {
            let words = ["mount", "add", path, "file:///tmp", "--no-check", "--timeout", "30s"]
            try await waitUntil("\(path) added at \(worker)\n\(lab.logEnds)", within: .seconds(60))
            {
                try await lab.tarn(words, at: worker).status == 0
            }
        }

        private static func resolves(
            _ path: String,
            at worker: String,
            of lab: Lab
        ) async throws -> Bool {
            let http = try await lab.status().worker(worker).http
            let target = "http://\(http)/v1/resolve?path=\(path)&consistency=local"
            let run = try await lab.run(["exec", worker, "curl", "-sf", "-m", "5", target])
            return run.status == 0 && run.output.contains("\"\(path)\"")
        }

        private static func untilResolved(
            _ path: String,
            at worker: String,
            of lab: Lab
        ) async throws {
            try await waitUntil("\(path) at \(worker)\n\(lab.logEnds)", within: .seconds(60)) {
                try await resolves(path, at: worker, of: lab)
            }
        }

        private static func path(_ name: String, _ lab: Lab) async throws -> LabStatus.Path {
            try #require(try await lab.status().switch?.paths[name])
        }

        // MARK: - Datagrams

        private static let receiver = """
            import socket, sys
            one = socket.socket(type=socket.SOCK_DGRAM)
            one.bind((sys.argv[1], 9999))
            one.settimeout(float(sys.argv[2]))
            print("bound", flush=True)
            one.recv(100)
            """
        private static let sender = """
            import socket, sys
            one = socket.socket(type=socket.SOCK_DGRAM)
            for _ in range(int(sys.argv[2])):
                one.sendto(b"datagram", (sys.argv[1], 9999))
            """

        /// Whether at least one of ten datagrams does, within a second and a half.
        private static func arrives(
            from source: String,
            to target: String,
            in lab: Lab
        ) async throws -> Bool {
            let address = try await lab.status().worker(target).address
            let log = "\(lab.scratch)/receiver-\(UUID().uuidString.prefix(8))"
            let words = ["exec", target, "python3", "-c", receiver, address, "1.5"]
            let process = try lab.start(words, log: log)
            try await waitUntil("a receiver\n\(process.output)") {
                Lab.text("\(log).out").contains("bound")
            }
            try await send(10, from: source, to: target, in: lab)
            return try await process.waitForExit() == 0
        }

        private static func send(
            _ count: Int,
            from source: String,
            to target: String,
            in lab: Lab
        ) async throws {
            let address = try await lab.status().worker(target).address
            try await lab.done(["exec", source, "python3", "-c", sender, address, "\(count)"])
        }
    }
}
