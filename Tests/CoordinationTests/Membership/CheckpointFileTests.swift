// SPDX-License-Identifier: Apache-2.0
import CatalogCore
import Coordination
import Primitives
import SystemIO
import SystemPackage
import TestKit
import Testing

@Suite(.timeLimit(.minutes(1)))
struct CheckpointFileTests {
    let scratch: ScratchDirectory
    let file: CheckpointFile
    let catalog: Catalog

    init() throws {
        scratch = try ScratchDirectory()
        file = CheckpointFile(scratch.path)
        var catalog = Catalog()
        _ = catalog.apply(genesis())
        _ = catalog.apply(put("/data/bucket_a", key: "k1"))
        self.catalog = catalog
    }

    private var bytes: [UInt8] {
        get throws {
            let file = try File(scratch.path(CheckpointFile.name), .read)
            return try file.read(at: 0, count: try file.status().byteCount)
        }
    }

    private func overwrite(_ bytes: [UInt8]) throws {
        let file = try File(scratch.path(CheckpointFile.name), .updateOrCreate)
        try file.truncate(to: 0)
        try file.write(bytes, at: 0)
    }

    @Test func whatWasSavedIsLoaded() throws {
        #expect(try file.load() == nil)
        try file.save(catalog, at: LogIndex(9))
        try file.save(catalog, at: LogIndex(10))
        let loaded = try #require(try file.load())
        #expect(loaded.index == LogIndex(10))
        #expect(loaded.catalog.stateDigest == catalog.stateDigest)
        #expect(try Directory.names(in: scratch.path) == [CheckpointFile.name], "nothing is left")
    }

    @Test func theHeaderIsFormatOne() throws {
        try file.save(catalog, at: LogIndex(0x0102))
        #expect(
            try Array(bytes.prefix(17)) == Array("TARNCKPT".utf8) + [1, 2, 1, 0, 0, 0, 0, 0, 0]
        )
    }

    /// Goal: no damage is ever taken for a catalog: every single byte changed, every length cut.
    @Test func damageIsLeftOutOfAccount() throws {
        try file.save(catalog, at: LogIndex(9))
        let whole = try bytes
        for position in whole.indices {
            var damaged = whole
            damaged[position] ^= 0x10
            try overwrite(damaged)
            #expect(try file.load() == nil, "byte \(position) of \(whole.count)")
        }
        for count in stride(from: 0, to: whole.count, by: 7) {
            try overwrite(Array(whole.prefix(count)))
            #expect(try file.load() == nil, "cut to \(count) of \(whole.count)")
        }
        try overwrite(whole + [0])
        #expect(try file.load() == nil, "one byte too long")
        try overwrite(whole)
        #expect(try file.load() != nil)
    }
}
