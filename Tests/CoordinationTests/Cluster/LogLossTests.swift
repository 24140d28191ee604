// SPDX-License-Identifier: Apache-2.0
import CatalogCore
import Coordination
import LogStorage
import Primitives
import RaftCore
import SystemIO
import SystemPackage
import Testing

extension ClusterTests {
    /// Voters whose disks lose what was durable.
    @Suite struct LogLossTests {
        static var limits: CoordinationLimits {
            var limits = CoordinationLimits()
            limits.scrubIntervalMS = 50
            limits.logSegmentBytes = 64 << 10
            return limits
        }

        /// Gives a voter's store up as soon as the others can spare it, and waits for its next vote.
        private func comeBack(_ victim: TestWorker) async throws {
            var finding: RecoveryFinding?
            try await eventually("the others can spare it") {
                finding = try await victim.rot
                return finding != nil
            }
            try await victim.giveUp(try #require(finding))
            #expect(!victim.isCondemned, "the note goes with the store")
            try await victim.start()
            try await eventually("it votes as another node", within: .seconds(30)) {
                try victim.isVoter && victim.node.readiness() == .ready
            }
        }

        /// Goal: what the scrub has found is known to the next start, whenever the process dies.
        ///
        /// Method: a sector of a voter's log is lost while it runs, and the process crashes before it can
        /// do anything about it. Then the sector is put back, as a disk may show what it had lost: were
        /// it not written down, the log would look whole.
        @Test func whatTheScrubFoundOutlivesACrash() async throws {
            try await TestCluster.run(count: 3, limits: Self.limits) { cluster in
                try await cluster[0].write(put("/a"))
                let victim = cluster[2]
                let kept = try victim.zeroSector(at: 512)
                try await eventually("the finding is on the disk") { victim.isCondemned }
                await victim.stop(.crash)
                try victim.write(kept, at: 512)
                try await victim.start()
                #expect(!victim.isVoter, "it has voted with a log that has lost something")
                try await comeBack(victim)
                #expect(victim.lostStore?.voter.node == NodeID(3))
                #expect(try await victim.read("/a") != nil)
            }
        }

        /// Goal: of voters whose logs are all rotten at a start, none gives up what no quorum has.
        ///
        /// Method: two of three. What the three logs hold together is all there is: neither may go, nor
        /// vote, and everybody is told. When the third is one of a quorum again, they follow.
        @Test func twoOfThreeRottenAtAStartGiveNothingUp() async throws {
            try await TestCluster.run(count: 3, limits: Self.limits) { cluster in
                try await cluster[0].write(put("/a"))
                let victims = [cluster[1], cluster[2]]
                for victim in victims { await victim.stop(.crash) }
                let kept = try victims.map { try $0.zeroSector(at: 512) }
                for victim in victims { try await victim.start() }
                try await eventually("everybody knows that there is no quorum") {
                    try cluster.workers.allSatisfy { worker in
                        let status = try worker.node.status()
                        return status.quorumHave == 1 && status.quorumNeed == 2
                            && status.alarms.count { $0.alarm.kind == .logRot } == 2
                    }
                }
                let failure = try await cluster[0].failure(of: put("/b"), within: .seconds(3))
                #expect(failure != nil, "a rotten voter made a quorum")
                for (victim, kept) in zip(victims, kept) {
                    #expect(try await victim.rot == nil)
                    #expect(try !victim.isVoter && victim.node.readiness() == .ready)
                    #expect(try victim.node.view().catalog.mount(at: "/a") != nil)
                    await victim.stop(.crash)
                    #expect(victim.isCondemned)
                    // An operator puts the right file in its place, and says so.
                    try victim.write(kept, at: 512)
                    try victim.pardon()
                    try await victim.start()
                }
                try await eventually("a quorum takes writes again") {
                    let failure = try await cluster[0].failure(of: put("/c"), within: .seconds(3))
                    return failure == nil
                }
                #expect(try await victims[1].read("/a") != nil)
            }
        }

        /// The others have all of it: one rotten voter after the other comes back as a new store.
        @Test func aVoterThatIsRottenAtAStartAsksBeforeItGoes() async throws {
            try await TestCluster.run(count: 3, limits: Self.limits) { cluster in
                try await cluster[0].write(put("/a"))
                let (victim, other) = (cluster[2], cluster[1])
                await victim.stop(.crash)
                await other.stop(.crash)
                try victim.flipLastBit()
                try victim.forgetCheckpoint()  // Who votes its log says as well.
                try await victim.start()
                try await eventually("one other voter is no quorum") {
                    try victim.node.status().quorumNeed == 2
                        && victim.node.status().alarms.contains { $0.alarm.kind == .logRot }
                }
                #expect(try await victim.rot == nil)
                try await other.start()
                try await comeBack(victim)
                await other.stop(.crash)  // Its vote is needed now.
                try await cluster[0].write(put("/b"))
            }
        }
    }
}

extension TestWorker {
    private var segment: FilePath { directory.appending("log/segment-0000000000000001") }

    var isCondemned: Bool { (try? FileStatus(of: directory.appending("condemned"))) != nil }

    /// Makes a sector of the log's first file read as if it had never been written; returns what it held.
    func zeroSector(at offset: Int) throws -> [UInt8] {
        let kept = try File(segment, .read).read(at: offset, count: 512)
        try write([UInt8](repeating: 0, count: 512), at: offset)
        return kept
    }

    /// Turns a bit over in the mark of the last sector that was written.
    func flipLastBit() throws {
        let bytes = try File(segment, .read).read(at: 0, count: 1 << 20)
        let last = bytes.lastIndex { $0 != 0 } ?? 0
        try write([bytes[last] ^ 4], at: last)
    }

    /// Removes what was found from the disk.
    func pardon() throws { try Directory.unlink(directory.appending("condemned")) }

    func write(_ bytes: [UInt8], at offset: Int) throws {
        try File(segment, .update).write(bytes, at: offset)
    }
}
