// SPDX-License-Identifier: Apache-2.0

import Primitives
import RaftCore
import Testing

/// Goal: a leader whose disk is slow, and slower than others', hands over; and leadership never goes
/// round.
struct RaftSlowDiskTests {
    private func isSlowDisk(_ effect: RaftEffect) -> Bool { effect == .alarm(.slowDisk) }

    private func leader(_ bench: Bench) -> Int? {
        (1...bench.voters.count).filter { bench[$0].role == .leader }.max {
            bench[$0].term < bench[$1].term
        }
    }

    private func handovers(_ bench: Bench) -> Int {
        (1...bench.voters.count).reduce(0) { $0 + bench.effects($1).count(where: isSlowDisk) }
    }

    /// Writes once in each `periodMS`; what `slow` names is durable only at its end.
    private func write(
        _ bench: inout Bench,
        times: Int,
        periodMS: UInt64 = 200,
        slow: (Bench) -> Set<Int>
    ) {
        for time in 0..<times {
            bench.slowDisks = slow(bench)
            if let leader = leader(bench) { bench.propose(leader, UInt64(1_000 + time)) }
            bench.settle()
            for _ in 0..<(periodMS / 50) {
                bench.advanceAll(by: 50)
                bench.settle()
            }
            for node in 1...bench.voters.count { bench.flush(node) }
            bench.settle()
        }
    }

    private func elected(_ count: Int = 3, settings: RaftSettings = .lan) -> Bench {
        var bench = Bench(count, settings: settings)
        bench.elect(1)
        return bench
    }

    @Test func aLeaderWithTheOnlySlowDiskHandsOver() {
        var bench = elected()
        write(&bench, times: 2) { _ in [1] }
        #expect(bench[1].role == .leader, "twice is no habit")
        write(&bench, times: 5) { _ in [1] }
        #expect(handovers(bench) == 1 && bench.effects(1).contains(where: isSlowDisk))
        #expect(leader(bench) != 1 && leader(bench) != nil)
        let term = bench[1].term
        write(&bench, times: 100) { _ in [1] }
        #expect(handovers(bench) == 1 && bench[1].term == term)
    }

    @Test func aSlowFollowerIsNobodysHeir() {
        var bench = elected()
        write(&bench, times: 12) { _ in [1, 2] }
        #expect(leader(bench) == 3 && handovers(bench) == 1)
    }

    @Test func whereAllDisksAreSlowNobodyMoves() {
        var bench = elected()
        write(&bench, times: 150) { _ in [1, 2, 3] }
        #expect(handovers(bench) == 0 && leader(bench) == 1)
    }

    @Test func quickDisksKeepTheirLeader() {
        var bench = elected()
        write(&bench, times: 100) { _ in [] }
        write(&bench, times: 100, periodMS: 50) { _ in [1] }
        #expect(handovers(bench) == 0 && leader(bench) == 1, "50 ms are not late")
    }

    /// Wherever leadership goes, the disk there becomes slow: the worst that can be.
    @Test func leadershipDoesNotGoRound() {
        var bench = elected()
        write(&bench, times: 600) { [leader($0) ?? 1] }
        #expect(handovers(bench) > 1)
        #expect(handovers(bench) <= 12, "\(handovers(bench)) in two minutes")
    }

    @Test func aDiskThatHangsIsLeft() {
        var bench = elected()
        bench.slowDisks = [1]
        for number in 0..<20 where bench[1].role == .leader {
            bench.propose(1, UInt64(number))
            bench.settle()
            bench.advanceAll(by: 50)
            bench.settle()
        }
        #expect(handovers(bench) == 1 && leader(bench) != 1)
        #expect(bench[1].log.last.index > LogIndex(3), "others committed meanwhile")
    }

    /// Two voters: nothing is committed without the leader's disk, and the other one is sound.
    @Test func aCommitThatStandsStillIsLeft() {
        var bench = elected(2)
        bench.slowDisks = [1]
        bench.propose(1, 7)
        bench.settle()
        for _ in 0..<7 {
            bench.advanceAll(by: 50)
            bench.settle()
        }
        #expect(handovers(bench) == 1)
    }

    /// A follower's disk that hangs gathers a bounded number of writes.
    @Test func aFollowerTakesNoMoreThanItMayHold() {
        var settings = RaftSettings.lan
        settings.pendingWriteCount = 4
        var bench = elected(3, settings: settings)
        bench.slowDisks = [3]
        let before = bench.effects(3).count
        for number in 0..<50 {
            bench.propose(1, UInt64(number))
            bench.settle()
        }
        let writes = bench.effects(3).dropFirst(before).count { effect in
            if case .persist = effect { true } else { false }
        }
        #expect(writes == 4)
        bench.slowDisks = []
        bench.flush(3)
        for _ in 0..<4 {
            bench.advanceAll(by: 50)
            bench.settle()
        }
        #expect(bench[3].commit == bench[1].commit && bench[3].log.last == bench[1].log.last)
    }
}

/// Goal: doubt comes as early as the round trips allow, and within a second on a LAN.
struct RaftDoubtTests {
    /// A leader whose heartbeats have been answered `roundTripMS` after they were sent, for a while.
    private func leader(_ settings: RaftSettings, roundTripMS: UInt64) -> Bench {
        var bench = Bench(3, settings: settings)
        bench.elect(1)
        for _ in 0..<40 {
            bench.advanceAll(by: settings.heartbeatMS)
            let beats = bench.take { if case .heartbeat = $0.body { true } else { false } }
            bench.mail.removeAll()
            bench.advance(1, by: roundTripMS)
            bench.mail = beats  // What the wait itself sent is lost.
            bench.settle()
        }
        return bench
    }

    /// How old the last confirmed round is when doubt begins, in steps of 10 ms.
    private func doubtMS(_ bench: Bench) -> UInt64? {
        var bench = bench
        for _ in 0..<800 where !bench[1].status.isInDoubt { bench.advance(1, by: 10) }
        return bench[1].status.confirmedAtMS.map { bench[1].clockMS - $0 }
    }

    @Test(
        arguments: [
            (RaftSettings.lan, 0, 600), (.lan, 40, 600), (.lan, 400, 900),
            (.wan, 0, 600), (.wan, 40, 600), (.wan, 200, 800), (.wan, 500, 1_400),
            (.wan, 700, 1_800),
        ] as [(RaftSettings, UInt64, UInt64)]
    )
    func doubtFollowsTheRoundTrip(settings: RaftSettings, roundTripMS: UInt64, limit: UInt64) {
        let doubt = doubtMS(leader(settings, roundTripMS: roundTripMS)) ?? 0
        #expect((limit - 10...limit + 20).contains(doubt), "\(roundTripMS) ms: \(doubt) ms")
    }

    @Test func doubtNeverOutlivesCheckQuorum() {
        #expect(RaftSettings.lan.quorumDoubtMS(medianRoundTripMS: 5_000) == 1_000)
        #expect(RaftSettings.wan.quorumDoubtMS(medianRoundTripMS: 50_000) == 2_000)
    }
}
