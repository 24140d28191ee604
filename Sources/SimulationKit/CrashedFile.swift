// SPDX-License-Identifier: Apache-2.0
import Primitives

/// One file of a ``CrashDirectory``: what reads see, and what the medium has.
final class CrashedFile {
    private(set) var written: [UInt8]
    private(set) var durable: [UInt8]
    /// For each sector whether it was written since the last sync, and the sync did not fail.
    private var isDirty: [Bool]
    /// The same as a list, in the order of writing.
    private var dirtySectors: [Int] = []
    /// The name under which a loss of power leaves it; `nil` if under none.
    var durableName: String?
    /// What of the medium was changed since this was set to `nil`: nothing outside, in bytes.
    var changes: Range<Int>?

    static let sectorByteCount = 512

    init(durable: [UInt8]) {
        (written, self.durable) = (durable, durable)
        isDirty = []
        growMarks()
    }

    func write(_ bytes: [UInt8], at offset: Int) {
        let end = offset + bytes.count
        if written.count < end {
            written.append(contentsOf: [UInt8](repeating: 0, count: end - written.count))
            growMarks()
        }
        written.overwrite(at: offset, with: bytes[...])
        let first = offset / Self.sectorByteCount
        let last = (end + Self.sectorByteCount - 1) / Self.sectorByteCount
        for sector in first..<max(first, last) where !isDirty[sector] {
            isDirty[sector] = true
            dirtySectors.append(sector)
        }
    }

    func sync() {
        for sector in dirtySectors {
            Self.keep(sector, of: written, in: &durable)
            let start = sector * Self.sectorByteCount
            let first = min(changes?.lowerBound ?? start, start)
            changes = first..<max(changes?.upperBound ?? 0, start + Self.sectorByteCount)
        }
        clean()
    }

    /// What a failed sync does: nothing reaches the medium, and nobody remembers that it should.
    func loseUnsynced() {
        clean()
    }

    /// One of the contents that a loss of power now may leave.
    func torn(using generator: inout SplitMix64) -> [UInt8] {
        var content = durable
        let keepsNone = generator.next() % 8 == 0
        let keepsAll = generator.next() % 8 == 0
        for sector in dirtySectors {
            let isKept = generator.next() & 1 == 0
            if keepsAll || (isKept && !keepsNone) { Self.keep(sector, of: written, in: &content) }
        }
        return content
    }

    private static func keep(_ sector: Int, of written: [UInt8], in content: inout [UInt8]) {
        let start = sector * Self.sectorByteCount
        let range = start..<min(start + Self.sectorByteCount, written.count)
        if content.count < range.upperBound {
            let missing = range.upperBound - content.count
            content.append(contentsOf: [UInt8](repeating: 0, count: missing))
        }
        content.overwrite(at: start, with: written[range])
    }

    private func growMarks() {
        let count = (written.count + Self.sectorByteCount - 1) / Self.sectorByteCount
        isDirty += Array(repeating: false, count: count - isDirty.count)
    }

    private func clean() {
        for sector in dirtySectors { isDirty[sector] = false }
        dirtySectors.removeAll(keepingCapacity: true)
    }
}

extension [UInt8] {
    /// Puts other bytes in the place of as many.
    ///
    /// Not by `replaceSubrange`, which goes byte by byte: every write of every disk comes here.
    fileprivate mutating func overwrite(at offset: Int, with bytes: ArraySlice<UInt8>) {
        precondition(offset >= 0 && offset + bytes.count <= count, "\(offset) of \(count) bytes")
        // Safe because the precondition keeps the range inside, and both live until the call returns.
        unsafe withUnsafeMutableBytes { target in
            unsafe bytes.withUnsafeBytes { source in
                let place = unsafe target[offset..<offset + source.count]
                unsafe UnsafeMutableRawBufferPointer(rebasing: place).copyMemory(from: source)
            }
        }
    }
}
