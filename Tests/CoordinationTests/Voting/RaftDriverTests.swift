// SPDX-License-Identifier: Apache-2.0
import Coordination
import Dispatch
import NIOCore
import NIOPosix
import Primitives
import RaftCore
import Synchronization
import SystemIO
import Testing

/// A follower's driver alone, told by a leader that is not there what it has to apply.
@Suite(.timeLimit(.minutes(1)))
struct RaftDriverTests {
    static let me = Voter(node: NodeID(1), store: testStore(1))
    static let leader = Voter(node: NodeID(2), store: testStore(2))

    /// What the machine was asked to do, and what the driver sent, in order.
    final class Diary: Sendable {
        enum Note: Equatable {
            case applied(UInt64)
            case answered(round: UInt64)
            case doubted
            case preparing
            case prepared
            case begun
            case ended
        }

        private let notes = Mutex<[Note]>([])
        /// What the leader does at each answer.
        private let reaction = Mutex<(@Sendable (UInt64) -> Void)?>(nil)

        var all: [Note] { notes.withLock { $0 } }

        func react(_ reaction: (@Sendable (UInt64) -> Void)?) {
            self.reaction.withLock { $0 = reaction }
        }

        func answered(_ round: UInt64) { reaction.withLock { $0 }?(round) }

        func note(_ note: Note) { notes.withLock { $0.append(note) } }

        var appliedCount: Int {
            all.count { if case .applied = $0 { true } else { false } }
        }
    }

    /// Applies slowly, and holds the wrong state until it was made anew.
    final class SlowMachine: StateMachine {
        let diary: Diary
        let entryMicroseconds: UInt64
        /// Reading a state ends once this was signalled.
        let mayRead = DispatchSemaphore(value: 0)
        private let isWrong = Mutex(true)
        let isAhead = Mutex(false)

        init(_ diary: Diary, entryMicroseconds: UInt64 = 0) {
            self.diary = diary
            self.entryMicroseconds = entryMicroseconds
        }

        var applied: LogIndex { LogIndex(isAhead.withLock { $0 } ? 99 : 0) }
        func purpose(of payload: [UInt8]) -> Proposal.Purpose { .ordinary }
        func stamped(_ payload: [UInt8]) -> [UInt8] { payload }

        func apply(_ entries: ArraySlice<LogEntry>) -> [[UInt8]] {
            entries.map { entry in
                guard entry.kind == .command else { return [] }
                let began = SystemClock.monotonic
                while SystemClock.monotonic - began < entryMicroseconds * 1000 {}
                diary.note(.applied(entry.index.rawValue))
                return []
            }
        }

        func capture() -> (index: LogIndex, encode: @Sendable () -> [UInt8]?) { (.zero, { nil }) }
        func digest(at index: LogIndex) -> UInt64? { isWrong.withLock { $0 } ? 7 : 9 }
        func inspect() {}
        func doubt() { diary.note(.doubted) }
        func prepareRestore(_ state: [UInt8], at index: LogIndex) -> @Sendable () -> Void { {} }

        func prepareRebuild(
            from state: [UInt8]?,
            at index: LogIndex
        ) -> (@Sendable () -> Void)? {
            diary.note(.preparing)
            guard mayRead.wait(timeout: .now() + .seconds(10)) == .success else { return nil }
            diary.note(.prepared)
            return { [self] in
                isWrong.withLock { $0 = false }
                diary.note(.begun)
            }
        }

        func endRebuild() { diary.note(.ended) }
    }

    /// A driver whose log has a configuration and so many commands, none known to be committed.
    static func run(
        commands: UInt64,
        _ machine: SlowMachine,
        _ body: (RaftDriver) async throws -> Void
    ) async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let driver = RaftDriver(
            loop: group.next(),
            writer: LogWriter(),
            machine: machine,
            ports: RaftDriver.Ports(
                send: { [diary = machine.diary] message, _ in
                    guard case .heartbeatReply(let reply) = message.body else { return }
                    diary.note(.answered(round: reply.round))
                    diary.answered(reply.round)
                },
                now: { SystemClock.monotonic / 1_000_000 },
                roleChanged: { _, _, _ in },
                fsyncTook: { _ in },
                spaceChanged: { _ in }
            )
        )
        let third = Voter(node: NodeID(3), store: testStore(3))
        let (state, first) = Raft.bootstrap(VoterSet(incoming: [me, leader, third]))
        let entries = (0..<commands).map { offset in
            LogEntry(
                position: LogPosition(term: Term(1), index: LogIndex(offset + 2)),
                kind: .command,
                payload: []
            )
        }
        driver.start(snapshot: nil) {
            // Nobody campaigns meanwhile, however slow the machine is.
            var settings = RaftSettings(heartbeatMS: 1_000, electionMS: 600_000)
            settings.digestEntryCount = 4
            return Raft(
                settings: settings,
                me: me,
                restored: state,
                snapshot: nil,
                entries: [first] + entries,
                seed: 1
            )
        }
        let result: Result<Void, any Error>
        do {
            result = .success(try await body(driver))
        } catch {
            result = .failure(error)
        }
        driver.stop()
        try await group.shutdownGracefully()
        try result.get()
    }

    static func heartbeat(_ round: UInt64, commit: UInt64, to driver: RaftDriver) {
        let heartbeat = Heartbeat(
            round: round,
            commit: LogIndex(commit),
            leaderCommit: LogIndex(commit),
            quorumAge: 0,
            echo: 0
        )
        driver.received(RaftMessage(term: Term(2), body: .heartbeat(heartbeat)), from: leader)
    }

    /// Goal: a voter with much to apply answers its leader meanwhile; else it would be an election.
    ///
    /// Method: a heartbeat follows each answer; the answers must stand among the entries.
    @Test func aVoterFarBehindAnswersWhileItApplies() async throws {
        let machine = SlowMachine(Diary(), entryMicroseconds: 200)
        try await Self.run(commands: 3_000, machine) { driver in
            machine.diary.react { [diary = machine.diary] round in
                guard diary.appliedCount < 3_000 else { return }
                Self.heartbeat(round + 1, commit: 3_001, to: driver)
            }
            Self.heartbeat(1, commit: 3_001, to: driver)
            try await eventually("all is applied") { machine.diary.appliedCount == 3_000 }
            machine.diary.react(nil)
        }
        var seen: UInt64 = 0
        var answersBetween = 0
        for note in machine.diary.all {
            switch note {
            case .applied(let index):
                #expect(index == seen + 1 || seen == 0, "in order, each once")
                seen = index
            case .answered: answersBetween += seen > 0 && seen < 3_001 ? 1 : 0
            default: break
            }
        }
        #expect(answersBetween >= 5, "\(answersBetween) answers in 600 ms of work")
    }

    /// Goal: a voter whose state came from elsewhere says that its log is behind.
    @Test func aLogThatIsBehindIsKnownToBe() async throws {
        let machine = SlowMachine(Diary())
        try await Self.run(commands: 7, machine) { driver in
            Self.heartbeat(1, commit: 8, to: driver)
            try await eventually("all is applied") { driver.state.applied == LogIndex(8) }
            #expect(!driver.state.isLogBehind)
            machine.isAhead.withLock { $0 = true }
            try await eventually("it is behind now") { driver.state.isLogBehind }
        }
    }

    /// Goal: reading the snapshot that a wrong state is made anew from holds up nothing.
    ///
    /// Method: the machine goes on only once a heartbeat was answered while it was reading.
    @Test func aRebuildIsReadBesideTheLoop() async throws {
        let machine = SlowMachine(Diary())
        try await Self.run(commands: 7, machine) { driver in
            Self.heartbeat(1, commit: 8, to: driver)
            try await eventually("all is applied") { machine.diary.appliedCount == 7 }
            let verdict = StateVerdict(index: LogIndex(8), agreed: 9)
            driver.received(
                RaftMessage(term: Term(2), body: .stateVerdict(verdict)),
                from: Self.leader
            )
            try await eventually("it is read") { machine.diary.all.contains(.preparing) }
            Self.heartbeat(2, commit: 8, to: driver)
            try await eventually("the loop answers", within: .seconds(5)) {
                machine.diary.all.contains(.answered(round: 2))
            }
            #expect(driver.state.isQuarantined)
            machine.mayRead.signal()
            try await eventually("it is sound again") { !driver.state.isQuarantined }
        }
        let again = (2...8).map { Diary.Note.applied(UInt64($0)) }
        let expected: [Diary.Note] =
            [.answered(round: 1)] + again + [.doubted, .preparing, .answered(round: 2)]
            + [.prepared, .begun] + again + [.ended]
        #expect(machine.diary.all == expected)
    }
}
