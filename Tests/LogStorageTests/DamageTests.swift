// SPDX-License-Identifier: Apache-2.0
import LogStorage
import Primitives
import RaftCore
import TestKit
import Testing

/// Goal: no flipped bit anywhere makes recovery trap, or lose an acknowledged entry silently.
///
/// Method: every file of a whole log, at every sector's edges and at drawn places, one bit at a
/// time. The log must open as it was, or be refused; a damaged snapshot may only show as an older
/// snapshot with all entries behind it.
@Suite struct DamageTests {
    static let fileNames = [
        "hard-state", LogImage.segment(1), LogImage.segment(2), LogImage.segment(3),
        LogImage.snapshot(6, 1), LogImage.snapshot(14, 1),
    ]

    @Test(arguments: fileNames) func oneBit(_ name: String) throws {
        let whole = try LogImage.whole()
        let byteCount = try #require(whole.files[name]?.count)
        var generator = SplitMix64(seed: UInt64(byteCount) + UInt64(name.utf8.count))
        let edges = stride(from: 0, to: byteCount, by: 512).flatMap { [$0, $0 + 511] }
        let drawn = (0..<150).map { _ in Int.random(in: 0..<byteCount, using: &generator) }
        var refused = 0
        for offset in (edges + drawn) where offset < byteCount {
            let bit = Int(generator.next() % 8)
            var image = whole
            image.flip(name, offset, bit: bit)
            refused += try Self.opensAsItWasOrIsRefused(image, "\(name) byte \(offset) bit \(bit)")
        }
        let isRedundant = name == "hard-state" || name.hasPrefix("snapshot-")
        #expect(isRedundant || refused > 20, "\(refused) refused: the damage was not looked at")
    }

    @Test(arguments: UInt64(1)...60) func manyBytes(seed: UInt64) throws {
        var generator = SplitMix64(seed: seed)
        var image = try LogImage.whole()
        for name in Self.fileNames where generator.chance(percent: 40) {
            guard let byteCount = image.files[name]?.count else { continue }
            let start = Int.random(in: 0..<byteCount, using: &generator)
            for offset in start..<min(start + 700, byteCount) {
                image.files[name]?[offset] = UInt8(truncatingIfNeeded: generator.next())
            }
        }
        _ = try Self.opensAsItWasOrIsRefused(image, "seed \(seed)")
    }

    private static func opensAsItWasOrIsRefused(_ image: LogImage, _ name: String) throws -> Int {
        let log: RecoveredLog
        do throws(LogStorageError) {
            log = try image.open()
        } catch {
            if case .refused = error { return 1 }
            throw error
        }
        let snapshot = try #require(log.snapshot, "\(name)")
        let index = snapshot.metadata.position.index.rawValue
        #expect([6, 14].contains(index), "\(name)")
        #expect(log.hardState == HardState(term: Term(1), vote: NodeID(5)), "\(name)")
        #expect(log.entries == (index + 1...24).map { entry($0, 1, byteCount: 300) }, "\(name)")
        return 0
    }
}
