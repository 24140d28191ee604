// SPDX-License-Identifier: Apache-2.0
import LogStorage
import Primitives
import RaftCore
import SimulationKit
import SystemIO
import SystemPackage
import TestKit
import Testing

/// The bytes of format 1 of every file: a release that changes one of them cannot read its
/// predecessor's disks.
@Suite struct GoldenTests {
    static let owner =
        "0100000000000000" + "0200000000000000"  // cluster
        + "0300000000000000" + "0400000000000000"  // store
        + "0500000000000000"  // node

    static func files() throws -> [String: [UInt8]] {
        let directory = CrashDirectory()
        try LogStorage.create(in: directory, identity: ownIdentity, options: tiny(1536))
        let (storage, _) = try LogStorage.open(
            in: directory,
            identity: ownIdentity,
            options: tiny(1536)
        )
        try storage.perform(write(1...1, term: 2, vote: 5, byteCount: 3))
        try storage.perform(.snapshot(position(1, 2), byteCount: 4))
        return directory.files
    }

    /// The bytes up to the last that is not zero, and the checksum that ends the block.
    static func parts(_ block: [UInt8]) -> (content: String, checksum: String) {
        let content = block.dropLast(4)
        let end = content.lastIndex { $0 != 0 } ?? 0
        return (hexText(content[...end]), hexText(block.suffix(4)))
    }

    @Test func segment() throws {
        let file = try #require(try Self.files()["segment-0000000000000001"])
        #expect(file.count == 1536)
        let header = Self.parts(Array(file[..<512]))
        let expected =
            "5441524e57414c31" + "01000000" + "00060000" + Self.owner
            + "0100000000000000" + "0100000000000000" + "01"  // number, next index, sequence
        #expect(header.content == expected)
        #expect(header.checksum == "b04cc885")

        let batch =
            "54424154" + "87000000" + "02000000" + "0100000000000000" + "00000000" + "dd2f4d3e"
            // hard state: length, type, has vote, vote, term, payload, chain, header
            + "00000000" + "02" + "01" + "0000" + "0500000000000000" + "0200000000000000"
            + "00000000" + "9545c67b" + "c74b6748"
            // entry: length, type, kind, index, term, payload, chain, header, payload
            + "03000000" + "01" + "01" + "0000" + "0100000000000000" + "0200000000000000"
            + "7aa36460" + "62fd0839" + "1fb5d885" + "000000"
            // commit: length, sequence, durable up to, chain, batch
            + "54434d54" + "87000000" + "0100000000000000" + "0000000000000000" + "62fd0839"
            + "1acbb751"
        #expect(hexText(file[512..<512 + 135]) == batch)
        #expect(file[512 + 135..<1023].allSatisfy { $0 == 0 })
        #expect(file[1023] == 0xB5)
        #expect(file[1024...].allSatisfy { $0 == 0 })
    }

    @Test func hardState() throws {
        let file = try #require(try Self.files()["hard-state"])
        #expect(file.count == 8192)
        let slots = [Array(file[..<4096]), Array(file[4096...])].map(Self.parts)
        let versions = ["04", "03"]
        // Term, has vote, vote, highest segment.
        let states = [
            "0200000000000000" + "01" + "0500000000000000" + "01",
            "0000000000000000" + "00" + "0000000000000000" + "01",
        ]
        let checksums = ["92ca3292", "4eb7d315"]
        for slot in 0..<2 {
            let expected =
                "5441524e564f5445" + "01000000" + versions[slot] + "00000000000000" + Self.owner
                + states[slot]
            #expect(slots[slot].content == expected)
            #expect(slots[slot].checksum == checksums[slot])
        }
    }

    @Test func snapshot() throws {
        let file = try #require(
            try Self.files()["snapshot-0000000000000001-0000000000000002"]
        )
        #expect(file.count == 512 + 4)
        let header = Self.parts(Array(file[..<512]))
        let expected =
            "5441524e534e4150" + "01000000" + "00020000" + Self.owner
            + "0100000000000000" + "0200000000000000"
            + "01" + "01000000" + "0500000000000000" + "0300000000000000" + "0400000000000000"
            + "00000000" + "00000000" + "00000000"
            + "0400000000000000" + "c0f5f57c"
        #expect(header.content == expected)
        #expect(header.checksum == "25620b0d")
        #expect(hexText(file[512...]) == "01080f16")
    }

    @Test func identity() throws {
        let scratch = try ScratchDirectory()
        let directory = try DataDirectoryTests.open(scratch)
        try directory.update {
            let cluster = DataDirectoryTests.cluster
            $0.membership = .init(cluster: cluster, node: NodeID(7), role: .observer)
            $0.intent = .init(cluster: cluster, body: [0xAA, 0xBB])
        }
        let path = scratch.path("data").appending("identity")
        let file = try File(path, .read).read(at: 0, count: 4096)
        #expect(file.count == 512)
        let (content, checksum) = Self.parts(file)
        let expected =
            "5441524e44415441" + "01000000" + "0300000000000000" + "0400000000000000"
            + "02000000" + "7731"
            + "01" + "0100000000000000" + "0200000000000000" + "0700000000000000" + "01"
            + "01" + "0100000000000000" + "0200000000000000" + "02000000" + "aabb"
        #expect(content == expected)
        #expect(checksum == "233c5698")
    }
}
