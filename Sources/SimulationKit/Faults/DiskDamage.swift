// SPDX-License-Identifier: Apache-2.0

import LogStorage
import Primitives

/// What a medium does to a log while nobody looks.
///
/// Left out is what no log can tell from a loss of power: that the last batch, or the last term and
/// vote, are gone as if they had never been written although their sync returned.
struct DiskDamage {
    private(set) var files: [String: [UInt8]]
    private let lastBatchStart: (name: String, offset: Int)?
    /// Sorted, so that equal seeds do equal damage.
    private let names: [String]

    private static let sectorByteCount = 512

    init(files: [String: [UInt8]], lastBatchStart: (name: String, offset: Int)?) {
        self.files = files
        self.lastBatchStart = lastBatchStart
        names = files.keys.sorted()
    }

    /// Does damage of one kind somewhere; says where.
    mutating func inflict(_ kind: FaultClass, using random: inout SplitMix64) -> String {
        switch kind {
        case .rot: rot(&random)
        case .staleSectors: forgetSector(&random)
        case .misdirection: misdirect(&random)
        case .lostFiles: loseFile(&random)
        default: loseHardState(&random)
        }
    }

    private mutating func rot(_ random: inout SplitMix64) -> String {
        guard let name = names.randomElement(using: &random), let count = files[name]?.count,
            count > 0
        else { return "nothing to rot" }
        let offset = Int.random(in: 0..<count, using: &random)
        let flips = UInt8.random(in: 1...255, using: &random)
        files[name]?[offset] ^= flips
        return "byte \(offset) of \(name) rots"
    }

    /// A sector of a segment, before the last batch, is what it was before it was written: zeros.
    private mutating func forgetSector(_ random: inout SplitMix64) -> String {
        let segments = names.filter { $0.hasPrefix("segment-") }
        guard let name = segments.randomElement(using: &random), let last = lastBatchStart else {
            return "nothing to forget"
        }
        let end = name == last.name ? last.offset : files[name]?.count ?? 0
        guard end >= Self.sectorByteCount else { return "nothing to forget in \(name)" }
        let sector = Int.random(in: 0..<end / Self.sectorByteCount, using: &random)
        overwrite(name, sector, with: [UInt8](repeating: 0, count: Self.sectorByteCount))
        return "sector \(sector) of \(name) is as before it was written"
    }

    private mutating func misdirect(_ random: inout SplitMix64) -> String {
        guard let source = sector(&random), let target = sector(&random),
            let content = files[source.name].map({ content in
                content.dropFirst(source.sector * Self.sectorByteCount).prefix(Self.sectorByteCount)
            }), content.contains(where: { $0 != 0 })
        else { return "nothing to misdirect" }
        overwrite(target.name, target.sector, with: Array(content))
        return "sector \(source.sector) of \(source.name) lies over \(target.sector) of "
            + "\(target.name)"
    }

    private mutating func loseFile(_ random: inout SplitMix64) -> String {
        guard let name = names.randomElement(using: &random) else { return "nothing to lose" }
        files[name] = nil
        return "\(name) is gone"
    }

    /// Both copies of term and vote, or the whole file.
    private mutating func loseHardState(_ random: inout SplitMix64) -> String {
        let name = LogReading.hardStateName
        if random.chance(percent: 50) {
            files[name] = nil
            return "\(name) is gone"
        }
        for offset in [random.next() % 4_096, 4_096 + random.next() % 4_096] {
            files[name]?[Int(offset)] ^= 0x40
        }
        return "both copies in \(name) rot"
    }

    // MARK: - Sectors

    private func sector(_ random: inout SplitMix64) -> (name: String, sector: Int)? {
        guard let name = names.randomElement(using: &random), let count = files[name]?.count,
            count >= Self.sectorByteCount
        else { return nil }
        return (name, Int.random(in: 0..<count / Self.sectorByteCount, using: &random))
    }

    private mutating func overwrite(_ name: String, _ sector: Int, with content: [UInt8]) {
        let start = sector * Self.sectorByteCount
        files[name]?.replaceSubrange(start..<start + content.count, with: content)
    }
}
