// SPDX-License-Identifier: Apache-2.0
import APIModel
import Foundation
import TestKit
import Testing

extension ProcessTests {
    /// Disks that fail, fill up and forget: `Docs/log-storage.md`, "Faults".
    @Suite struct DiskFaultTests {
        @Test(.enabled(if: FaultRig.canTrace, "needs strace, and leave to trace"))
        func aFailedSyncEndsTheVoterAndLosesNothing() async throws {
            let cluster = try await TarnCluster.formed()
            var stored = [try await cluster.store("/m/before")]
            let leader = try await cluster.leader()
            let others = cluster.workers.filter { $0.name != leader.name }
            let strace = try await FaultRig.inject("error=EIO", into: leader)
            defer { strace.end() }

            // No retry, no second sync: the first write ends it.
            stored.append(try await cluster.store("/m/during", through: others))
            #expect(try await leader.process?.waitForExit(within: .seconds(10)) == 1)
            #expect(leader.log.contains("ending at once"), "\(leader.logEnd)")
            #expect(strace.output.split(separator: "\n").count { $0.contains("(INJECTED)") } == 1)
            stored.append(try await cluster.store("/m/after", through: others))
            strace.end()
            try leader.start()
            try await leader.untilReady()
            try await leader.until("all that was stored") { try await leader.holds(stored) }
        }

        @Test(.enabled(if: FaultRig.canTrace, "needs strace, and leave to trace"))
        func aFollowerWithASlowDiskSlowsNobody() async throws {
            let cluster = try await TarnCluster.formed()
            let leader = try await cluster.leader()
            let slow = leader.name == "w1" ? cluster[2] : cluster[1]
            let strace = try await FaultRig.inject("delay_enter=1000000", into: slow)
            defer { strace.end() }
            let clock = ContinuousClock()
            let took = try await clock.measure {
                for number in 0..<10 { try await cluster.store("/m/\(number)", through: [leader]) }
            }
            #expect(took < .seconds(8), "ten writes beside a disk of one second a sync")
            strace.end()
            try await slow.until("all ten") {
                try await slow.holds((0..<10).map { "/m/\($0)" })
            }
        }

        /// A leader's disk fills up: it hands over, stays up and readable, and is back by itself.
        @Test(.enabled(if: FaultRig.canMount, "needs leave to mount a tmpfs"))
        func aFullDiskStopsNobodyAndHealsByItself() async throws {
            let cluster = try TarnCluster(3)
            let full = cluster[1]
            try full.start(
                join: cluster.peers,
                wrapper: FaultRig.onSmallDisk(full, mebibytes: 96)
            )
            for worker in cluster.workers.dropFirst() { try worker.start(join: cluster.peers) }
            try await cluster.initialise()
            _ = try await cluster.leader()
            try await cluster.done(["cluster", "transfer-leader", full.name])
            var stored = [try await cluster.store("/m/before")]
            let ballast = "\(FaultRig.inside(full))/log/ballast"
            try await full.until("a reserve") { FileManager.default.fileExists(atPath: ballast) }

            let filler = "\(FaultRig.inside(full))/filler"
            Self.fill(filler)
            let others = Array(cluster.workers.dropFirst())
            try await others[0].until("the alarm") {
                try await others[0].alarms().contains("disk-full")
            }
            try await others[0].until("another leader") {
                try await others[0].cluster().leader.map { $0 != full.name } ?? false
            }
            for number in 0..<20 {
                stored.append(try await cluster.store("/m/\(number)", through: others))
            }
            #expect(full.process?.exitCode == nil, "\(full.logEnd)")
            #expect(try await full.web.get("/healthz").status == 200)
            // Reads that are complete as of the call: its log stands still, its replica does not.
            #expect(try await full.holds(stored))
            let status = try await cluster.tarn(["cluster", "status"], at: others[0])
            #expect(status.output.contains("alarm disk-full: w1: the disk of the log has no room"))
            #expect(try await cluster.metric("tarn_alarm", "kind=\"disk-full\"") == 1)

            try FileManager.default.removeItem(atPath: filler)
            try await others[0].until("no alarm") { try await others[0].alarms().isEmpty }
            try await full.until("all that was stored") { try await full.holds(stored) }
            try await cluster.done(["cluster", "transfer-leader", full.name])
            try await cluster.store("/m/after", through: [full])
        }

        /// Writes until nothing more fits.
        private static func fill(_ path: String) {
            _ = FileManager.default.createFile(atPath: path, contents: nil)
            guard let file = FileHandle(forWritingAtPath: path) else { return }
            defer { try? file.close() }
            for size in [1 << 20, 4096] {
                let piece = Data(count: size)
                while (try? file.write(contentsOf: piece)) != nil {}
            }
        }

        struct Flip: CustomTestStringConvertible, Sendable {
            enum Outcome: Sendable { case starts, isReplaced, refuses }

            let testDescription: String
            let file: String
            let offsets: [UInt64]
            let outcome: Outcome
            /// What its log says.
            let words: [String]

            init(_ file: String, _ offsets: [UInt64], _ outcome: Outcome, _ words: String...) {
                testDescription = "\(file) at \(offsets)"
                (self.file, self.offsets, self.outcome) = (file, offsets, outcome)
                self.words = words
            }
        }

        private static let segment = "log/segment-0000000000000001"

        // swift-format-ignore
        static let flips: [Flip] = [
            Flip("log/hard-state", [100], .starts, "the log was repaired"),
            Flip("log/hard-state", [100, 4196], .isReplaced, "hardStateLost", "quarantined-"),
            Flip(segment, [60], .isReplaced, "damagedHeader", "quarantined-"),
            Flip(segment, [700], .isReplaced, "damagedBatch", "quarantined-"),
            Flip("catalog", [60], .starts),
            Flip("identity", [30], .refuses, "damaged", "checksum"),
        ]

        /// One bit in each kind of file of a voter that is down: it starts as it was, comes back as a
        /// new store, or refuses; the others never notice.
        @Test(arguments: flips) func aFlippedBitIsNeverBelieved(_ flip: Flip) async throws {
            let cluster = try await TarnCluster.formed()
            let (victim, others) = (cluster[3], [cluster[1], cluster[2]])
            var stored = [try await cluster.store("/m/before")]
            victim.send(SIGTERM)
            _ = try await victim.process?.waitForExit()
            for offset in flip.offsets {
                try FaultRig.flip("\(victim.dataDirectory)/\(flip.file)", at: offset)
            }
            try victim.start()
            try await Self.expect(flip, of: victim)
            stored.append(try await cluster.store("/m/after", through: others))
            for worker in others { #expect(try await worker.holds(stored)) }
            guard flip.outcome != .refuses else { return }
            try await victim.until("all that was stored") { try await victim.holds(stored) }
        }

        private static func expect(_ flip: Flip, of victim: TarnWorker) async throws {
            switch flip.outcome {
            case .starts:
                try await victim.untilReady()
            case .isReplaced:
                // It follows without a vote until the others can spare it; then a new store comes under
                // its name, with its vote, and nobody lent a hand.
                try await victim.until("the new store", within: .seconds(30)) {
                    victim.log.contains("waits to take a lost voter's place")
                }
                try await victim.untilReady(within: .seconds(30))
                try await victim.until("a vote", within: .seconds(30)) {
                    let document = try await victim.cluster()
                    return document.voters.map(\.name).sorted() == ["w1", "w2", "w3"]
                        && document.learners.isEmpty && document.alarms.isEmpty
                        && document.quorum.have == 3
                }
                let kept = try FileManager.default.contentsOfDirectory(
                    atPath: victim.dataDirectory
                )
                #expect(kept.contains { $0.hasPrefix("quarantined-") }, "\(flip): \(kept)")
            case .refuses:
                #expect(try await victim.process?.waitForExit() == 4, "\(flip)")
            }
            for word in flip.words {
                #expect(victim.log.contains(word), "\(flip): \(victim.logEnd)")
            }
        }

        /// A file that the disk cannot read is lost like one that reads back wrong.
        @Test(.enabled(if: FaultRig.canTrace, "needs strace, and leave to trace"))
        func aVoterWithAnUnreadableFileComesBackAsANewStore() async throws {
            let cluster = try await TarnCluster.formed()
            let stored = [try await cluster.store("/m/before")]
            let victim = cluster[3]
            victim.send(SIGTERM)
            _ = try await victim.process?.waitForExit()
            let path = "\(victim.dataDirectory)/\(Self.segment)"
            try victim.start(wrapper: FaultRig.unreadable([path]))
            try await victim.until("the new store", within: .seconds(30)) {
                victim.log.contains("waits to take a lost voter's place")
            }
            #expect(victim.log.contains("cannot read it"), "\(victim.logEnd)")
            victim.kill()  // The next log's first file would have the name that cannot be read.
            try victim.start()
            try await victim.untilReady(within: .seconds(30))
            try await victim.until("all that was stored") { try await victim.holds(stored) }
        }

        /// Of a disk that reads nothing nobody knows what it holds.
        @Test(.enabled(if: FaultRig.canTrace, "needs strace, and leave to trace"))
        func aDeadDiskEndsTheVoterAndChangesNothing() async throws {
            let cluster = try await TarnCluster.formed()
            let victim = cluster[3]
            victim.send(SIGTERM)
            _ = try await victim.process?.waitForExit()
            let log = "\(victim.dataDirectory)/log"
            let files = try FileManager.default.contentsOfDirectory(atPath: log)
            try victim.start(wrapper: FaultRig.unreadable(files.map { "\(log)/\($0)" }))
            #expect(try await victim.process?.waitForExit() == 1, "\(victim.logEnd)")
            #expect(victim.log.contains("reads nothing"), "\(victim.logEnd)")
            let data = try FileManager.default.contentsOfDirectory(atPath: victim.dataDirectory)
            #expect(!data.contains { $0.hasPrefix("quarantined-") || $0 == "condemned" }, "\(data)")
            try victim.start()
            try await victim.untilReady()
            try await victim.until("its vote") {
                try await victim.cluster().quorum == .init(have: 3, need: 2)
            }
        }

        /// Nobody else has what the only voter has lost.
        @Test func theOnlyVoterRefusesAndChangesNothing() async throws {
            let cluster = try await TarnCluster.formed(1)
            try await cluster.store("/m/one")
            cluster[1].send(SIGTERM)
            _ = try await cluster[1].process?.waitForExit()
            let path = "\(cluster[1].dataDirectory)/\(Self.segment)"
            try FaultRig.flip(path, at: 700)
            try cluster[1].start()
            #expect(try await cluster[1].process?.waitForExit() == 4)
            #expect(cluster[1].log.contains("only voter"), "\(cluster[1].logEnd)")
            #expect(cluster[1].log.contains("tarn doctor"), "\(cluster[1].logEnd)")
            let doctor = ["doctor", "--data-dir", cluster[1].dataDirectory]
            let ill = try await cluster.tarn(doctor)
            #expect(ill.status == 1 && ill.output.contains("log"), "\(ill.summary)")
            #expect(ill.output.contains("at byte"), "\(ill.summary)")
            try FaultRig.flip(path, at: 700)
            try cluster[1].start()
            try await cluster[1].untilReady()
            #expect(try await cluster[1].holds(["/m/one"]))
            let well = try await cluster.tarn(doctor)
            #expect(well.status == 0 && well.output.contains("in use"), "\(well.summary)")
        }

        /// The scrub's minute has to pass.
        @Test(.enabled(if: FaultRig.isPatient, "takes more than a minute: dev/faults"))
        func rotUnderARunningVoterIsFoundAndItComesBackAsANewStore() async throws {
            let cluster = try await TarnCluster.formed()
            try await cluster.store("/m/before")
            let victim = cluster[3]
            let pid = victim.process?.pid
            try FaultRig.flip("\(victim.dataDirectory)/\(Self.segment)", at: 700)
            try await victim.until("the new store", within: .seconds(120)) {
                victim.log.contains("waits to take a lost voter's place")
            }
            #expect(victim.log.contains("a file of the voter's log is damaged"))
            #expect(victim.process?.pid == pid && victim.process?.exitCode == nil)
            try await victim.untilReady(within: .seconds(30))
            try await victim.until("a vote", within: .seconds(30)) {
                try await victim.cluster().quorum == .init(have: 3, need: 2)
            }
            cluster[2].kill()
            try await cluster.store("/m/after", through: [cluster[1], victim])
        }
    }
}
