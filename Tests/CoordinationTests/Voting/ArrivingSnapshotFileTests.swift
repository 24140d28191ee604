// SPDX-License-Identifier: Apache-2.0
import Coordination
import Primitives
import RaftCore
import SystemIO
import SystemPackage
import TestKit
import Testing

@Suite(.timeLimit(.minutes(1)))
struct ArrivingSnapshotFileTests {
    static let metadata = SnapshotMetadata(
        position: LogPosition(term: Term(3), index: LogIndex(70)),
        voters: VoterSet(incoming: (1...3).map { Voter(node: NodeID($0), store: testStore($0)) }),
        byteCount: 100,
        checksum: 12
    )
    static let state = (0..<100).map { UInt8($0) }

    let scratch: ScratchDirectory
    let file: ArrivingSnapshotFile
    let path: FilePath

    init() throws {
        scratch = try ScratchDirectory()
        file = ArrivingSnapshotFile(scratch.path)
        path = scratch.path(ArrivingSnapshotFile.name)
    }

    private func keepSixty() throws {
        try file.begin(Self.metadata)
        try file.append(Array(Self.state[..<25]))
        try file.append(Array(Self.state[25..<60]))
    }

    @Test func whatHasArrivedIsFoundAgain() throws {
        #expect(try file.load(upTo: 100) == nil)
        try keepSixty()
        let found = try #require(try file.load(upTo: 100))
        #expect(found.metadata == Self.metadata && found.state == Array(Self.state[..<60]))
        #expect(try file.load(upTo: 99) == nil, "larger than a snapshot may be")

        try file.begin(Self.metadata)
        #expect(try file.load(upTo: 100)?.state == [], "another transfer begins anew")
        try file.remove()
        try file.remove()
        #expect(try file.load(upTo: 100) == nil)
    }

    /// Goal: no damage adds or changes a byte: every single byte changed, every length cut.
    @Test func damageIsWhereTheTransferGoesOn() throws {
        try keepSixty()
        let open = try File(path, .read)
        let whole = try open.read(at: 0, count: try open.status().byteCount)
        for position in whole.indices {
            var damaged = whole
            damaged[position] ^= 0x40
            try check(damaged)
            try check(Array(whole[..<position]))
        }
        try check(whole + [0, 0, 0, 0, 0, 0, 0, 0, 0])
    }

    private func check(_ bytes: [UInt8]) throws {
        let damaged = try File(path, .updateOrCreate)
        try damaged.truncate(to: 0)
        try damaged.write(bytes, at: 0)
        guard let found = try file.load(upTo: 100) else { return }
        #expect(found.metadata == Self.metadata)
        #expect([0, 25, 60].contains(found.state.count), "whole pieces alone")
        #expect(found.state == Array(Self.state[..<found.state.count]))
    }
}
