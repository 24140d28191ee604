// SPDX-License-Identifier: Apache-2.0
import Foundation
import Glibc
import TestKit
import Testing

extension LabTests {
    /// Goal: whatever is killed, the next `down` or `up` finds and removes what is left of a lab.
    @Suite(.enabled(if: LabRig.canBuild, LabRig.needs))
    struct CrashTests {
        enum Crash: String, CaseIterable, CustomTestStringConvertible {
            case nothing, ofASwitch, ofAWorker, ofEverything, ofTheDirectory

            var testDescription: String { rawValue }
        }

        static let flags = ["--regions", "ap,us", "--workers", "1", "--rtt", "20ms"]

        @Test(arguments: Crash.allCases)
        func downLeavesNothing(after crash: Crash) async throws {
            let lab = try Lab()
            try await lab.done(["up"] + Self.flags)
            let status = try await lab.status()
            #expect(Leftovers.processes(of: lab).count == 3, "two workers and a switch")
            #expect(Leftovers.links(of: status.number).count == 2)
            try await Self.suffer(crash, in: lab)
            let run = try await lab.run(["down"])
            #expect(run.status == 0, "\(run.summary)")
            #expect(Leftovers.of(lab, number: status.number).isEmpty)
        }

        @Test(arguments: [Crash.ofASwitch, .ofEverything, .ofTheDirectory])
        func theNextUpBeginsAnew(after crash: Crash) async throws {
            let lab = try Lab()
            try await lab.done(["up"] + Self.flags)
            let before = Set(Leftovers.processes(of: lab))
            let refused = try await lab.run(["up"] + Self.flags)
            #expect(refused.status == 1 && refused.errors.contains("a lab is up"))
            try await Self.suffer(crash, in: lab)
            try await lab.done(["up"] + Self.flags)
            #expect(before.isDisjoint(with: Leftovers.processes(of: lab)))
            try await lab.done(["ping", "ap1", "us1", "--count", "1"])
            try await lab.done(["down"])
            #expect(Leftovers.of(lab).isEmpty)
        }

        @Test func anUpThatIsKilledLeavesNothingAfterDown() async throws {
            let lab = try Lab()
            let process = try lab.start(["up"] + Self.flags, log: "\(lab.scratch)/up")
            try await waitUntil("a worker\n\(process.output)") {
                FileManager.default.fileExists(atPath: "\(lab.state)/ap1/log")
            }
            process.end()
            #expect(!Leftovers.processes(of: lab).isEmpty)
            #expect(try await lab.run(["status"]).errors.contains("not whole"))
            try await lab.done(["down"])
            #expect(Leftovers.of(lab).isEmpty)
        }

        /// Whoever asked for the lab is killed: it ends by itself.
        @Test func aLabEndsWithWhomItServes() async throws {
            let lab = try Lab()
            let served = try ChildProcess(
                "/bin/sleep",
                ["1000"],
                logPath: "\(lab.scratch)/served",
                tie: .toThisProcess
            )
            try await lab.done(["up", "--while", "\(served.pid)"] + Self.flags)
            served.end()
            try await waitUntil("nothing is left: \(Leftovers.of(lab))") {
                Leftovers.of(lab).isEmpty
            }
        }

        /// Two labs share a machine, and the end of one is not the other's.
        @Test func anotherLabIsLeftAlone() async throws {
            try await Lab.with(Self.flags) { kept in
                let number = try await kept.status().number
                try await Lab.with(Self.flags) { other in
                    #expect(try await other.status().number != number)
                    try await Self.suffer(.ofEverything, in: other)
                }
                #expect(Leftovers.processes(of: kept).count == 3)
                #expect(Leftovers.links(of: number).count == 2)
                try await kept.done(["ping", "ap1", "us1", "--count", "1"])
            }
        }

        private static func suffer(_ crash: Crash, in lab: Lab) async throws {
            let status = try await lab.status()
            let workers = status.workers.compactMap(\.pid)
            let all = Leftovers.processes(of: lab)
            switch crash {
            case .nothing: break
            case .ofASwitch: for pid in all where !workers.contains(pid) { kill(pid, SIGKILL) }
            case .ofAWorker: kill(workers[0], SIGKILL)
            case .ofEverything: for pid in all { kill(pid, SIGKILL) }
            case .ofTheDirectory: try FileManager.default.removeItem(atPath: lab.state)
            }
        }
    }
}
