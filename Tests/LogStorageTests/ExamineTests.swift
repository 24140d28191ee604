// SPDX-License-Identifier: Apache-2.0
import LogStorage
import SystemIO
import SystemPackage
import TestKit
import Testing

/// What is said of a data directory without starting from it.
@Suite struct ExamineTests {
    static func states(_ scratch: ScratchDirectory) -> [String] {
        DataDirectory.examine(scratch.path("data")).filter { $0.name != "room" }
            .map { "\($0.name) \($0.state.rawValue)" }
    }

    @Test func aDirectoryThatNobodyUsedIsFine() throws {
        let scratch = try ScratchDirectory()
        #expect(Self.states(scratch) == ["identity note"])
        #expect(throws: Errno.noSuchFileOrDirectory) {
            try Directory.names(in: scratch.path("data"))
        }
    }

    @Test func aVotersLogIsReadUnlessItIsInUse() throws {
        let scratch = try ScratchDirectory()
        try DataDirectoryTests.admit(scratch, .voter)
        #expect(Self.states(scratch) == ["identity ok", "log ok"])
        do {
            let inUse = try DataDirectoryTests.open(scratch)
            #expect(Self.states(scratch) == ["identity ok", "log note"])
            #expect(inUse.identity.membership?.role == .voter)
        }
        let segment = scratch.path("data").appending("log/segment-0000000000000001")
        try File(segment, .update).write([0xFF], at: 60)
        let checks = DataDirectory.examine(scratch.path("data"))
        let log = try #require(checks.first { $0.name == "log" })
        #expect(log.state == .bad && !log.next.isEmpty)
        #expect(log.detail.contains("segment-0000000000000001 at byte 0"), "\(log.detail)")
    }

    /// What is to be done about a rotten log hangs on what it is still good for.
    @Test func theAdviceDependsOnTheRole() throws {
        let scratch = try ScratchDirectory()
        try DataDirectoryTests.admit(scratch, .voter)
        let segment = scratch.path("data").appending("log/segment-0000000000000001")
        try File(segment, .update).write([0xFF], at: 60)
        var advice: [StoreIdentity.Role: DirectoryCheck] = [:]
        for role in [StoreIdentity.Role.voter, .formerVoter, .observer] {
            try DataDirectoryTests.open(scratch).update { $0.membership?.role = role }
            advice[role] = DataDirectory.examine(scratch.path("data")).first { $0.name == "log" }
        }
        #expect(advice[.voter]?.state == .bad)
        #expect(advice[.voter]?.next.contains("sets this log aside") == true)
        #expect(advice[.formerVoter]?.state == .note)
        #expect(advice[.formerVoter]?.next.contains("nothing") == true)
        #expect(advice[.observer] == nil, "an observer's log was never acted on")
    }

    @Test func aLogThatWasWrittenWronglyIsNotSetAside() {
        let rule = RecoveryRule.rule(for: .indexGap)
        #expect(rule.verdict == .refuse && !rule.nextStep.contains("sets this log aside"))
        for rule in RecoveryRule.table where rule.nextStep.contains("sets this log aside") {
            #expect(rule.isRot, "\(rule.finding) is never set aside")
        }
    }

    @Test func aLostStoreAndItsQuarantineAreNamed() throws {
        let scratch = try ScratchDirectory()
        _ = try QuarantineTests.giveUp(scratch)
        #expect(Self.states(scratch) == ["identity note", "quarantine note"])
        let checks = DataDirectory.examine(scratch.path("data"))
        #expect(checks.filter { $0.detail.contains("quarantined-1000") }.count == 2)
    }

    @Test func whatAStartRefusesIsBad() throws {
        let scratch = try ScratchDirectory()
        try DataDirectoryTests.admit(scratch, .removed)
        #expect(Self.states(scratch) == ["identity bad"])
    }
}
