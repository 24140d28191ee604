// SPDX-License-Identifier: Apache-2.0
import LogStorage
import Primitives
import SimulationKit
import SystemIO
import SystemPackage
import TestKit
import Testing

/// What a scrub has found outlives the process that found it.
@Suite struct CondemnationTests {
    static let refusal = RecoveryRefusal(
        finding: .damagedBatch,
        file: "segment-0000000000000001",
        offset: nil,
        detail: "durable up to 2048, whole up to 1536"
    )
    static let own = Condemnation(
        store: DataDirectoryTests.store,
        finding: refusal.finding,
        file: refusal.file,
        detail: refusal.detail
    )

    static func path(_ scratch: ScratchDirectory) -> FilePath {
        scratch.path("data").appending(DataDirectory.condemnationName)
    }

    static func isThere(_ scratch: ScratchDirectory) -> Bool {
        (try? FileStatus(of: path(scratch))) != nil
    }

    @Test(arguments: [StoreIdentity.Role.voter, .formerVoter])
    func whatWasFoundIsThereAtTheNextStart(_ role: StoreIdentity.Role) throws {
        let scratch = try ScratchDirectory()
        try DataDirectoryTests.admit(scratch, .voter)
        do {
            let directory = try DataDirectoryTests.open(scratch)
            #expect(directory.condemnation == nil)
            try directory.condemn(Self.refusal)
            try directory.condemn(
                RecoveryRefusal(finding: .numberGap, file: "x", offset: 1, detail: "")
            )
            #expect(directory.condemnation == Self.own, "the first finding stays")
            try directory.update { $0.membership?.role = role }
        }
        let directory = try DataDirectoryTests.open(scratch)
        #expect(directory.condemnation == Self.own)
        #expect(directory.condemnation?.refusal == Self.refusal)
        try directory.withdrawCondemnation()
        #expect(directory.condemnation == nil && !Self.isThere(scratch))
    }

    @Test func itGoesWithTheStoreThatIsGivenUp() throws {
        let scratch = try ScratchDirectory()
        try DataDirectoryTests.admit(scratch, .voter)
        let directory = try DataDirectoryTests.open(scratch)
        try directory.condemn(Self.refusal)
        _ = try directory.replaceStore(.damagedBatch, atSeconds: 1000) { QuarantineTests.fresh }
        #expect(directory.condemnation == nil && !Self.isThere(scratch))
    }

    struct Note: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let role: StoreIdentity.Role
        let bytes: [UInt8]
        let counts: Bool

        init(_ name: String, _ role: StoreIdentity.Role, _ bytes: [UInt8], counts: Bool) {
            testDescription = name
            (self.role, self.bytes, self.counts) = (role, bytes, counts)
        }
    }

    private static let foreign = Condemnation(
        store: QuarantineTests.fresh,
        finding: .numberGap,
        file: "",
        detail: ""
    )

    private static func flipped(_ offset: Int) -> [UInt8] {
        var bytes = own.encoded()
        bytes[offset] ^= 1
        return bytes
    }

    // swift-format-ignore
    static let notes: [Note] = [
        Note("its own",                     .voter,    own.encoded(),                   counts: true),
        Note("another store's",             .voter,    foreign.encoded(),               counts: false),
        Note("its own, of one without a log", .observer, own.encoded(),                 counts: false),
        // Something was found: what, and about whom, nobody knows any more.
        Note("a bit in its store",          .voter,    flipped(14),                     counts: true),
        Note("a bit in its finding",        .voter,    flipped(36),                     counts: true),
        Note("cut",                         .voter,    Array(own.encoded().prefix(99)), counts: true),
        Note("empty",                       .voter,    [],                              counts: true),
        Note("too long",                    .voter,    own.encoded() + [0],             counts: true),
        Note("damaged, left by a crash",    .observer, flipped(36),                     counts: false),
    ]

    @Test(arguments: notes) func aNoteCountsForItsStoreOrIfItCannotBeRead(_ note: Note) throws {
        let scratch = try ScratchDirectory()
        try DataDirectoryTests.admit(scratch, .voter)
        try DataDirectoryTests.open(scratch).update { $0.membership?.role = note.role }
        try DataDirectoryTests.put(scratch, DataDirectory.condemnationName, note.bytes)
        let found = try DataDirectoryTests.open(scratch).condemnation
        #expect((found != nil) == note.counts, "\(String(describing: found))")
        #expect(Self.isThere(scratch) == note.counts)
        guard let found else { return }
        #expect(found.store == DataDirectoryTests.store)
        #expect(RecoveryRule.rule(for: found.finding).isRot)
    }

    @Test func aTextThatIsTooLongIsCut() throws {
        let text = String(repeating: "ü\u{301}", count: 300)
        let note = Condemnation(
            store: Self.own.store,
            finding: .wrongLength,
            file: text,
            detail: text
        )
        #expect(note.encoded().count == 512)
        #expect(text.hasPrefix(note.file) && !note.file.isEmpty)
    }

    /// On a disk without room the space that is kept back is taken, once.
    @Test(arguments: FullDirectory.Stage.allCases)
    func aFullDiskDoesNotKeepItFromBeingWritten(_ stage: FullDirectory.Stage) throws {
        let files = CrashDirectory()
        let full = FullDirectory(files, fullFrom: 0, at: stage)
        #expect(throws: IOFailure.self) { try Self.own.write(in: full) { false } }
        #expect(files.files.isEmpty, "no draft takes the room that others need")
        var asked = 0
        try Self.own.write(in: full) {
            asked += 1
            full.fullFrom = nil
            return true
        }
        #expect(asked == 1)
        #expect(files.files == [DataDirectory.condemnationName: Self.own.encoded()])
    }

    @Test func itsBytes() {
        let (content, checksum) = GoldenTests.parts(Self.own.encoded())
        let expected =
            "5441524e4c4f5353" + "01000000"
            + "0300000000000000" + "0400000000000000"  // store
            + "0c000000" + hexText(Array("damagedBatch".utf8))
            + "18000000" + hexText(Array(Self.refusal.file.utf8))
            + "24000000" + hexText(Array(Self.refusal.detail.utf8))
        #expect(content == expected)
        #expect(checksum == "854b23cc")
    }

    @Test func theDoctorSaysIt() throws {
        let scratch = try ScratchDirectory()
        try DataDirectoryTests.admit(scratch, .voter)
        #expect(ExamineTests.states(scratch) == ["identity ok", "log ok"])
        let directory = try DataDirectoryTests.open(scratch)
        try directory.condemn(Self.refusal)
        let log = DataDirectory.examine(scratch.path("data")).first { $0.name == "log" }
        #expect(log?.state == .bad && log?.detail.contains(Self.refusal.file) == true)
        #expect(log?.next.isEmpty == false)
    }
}
