// SPDX-License-Identifier: Apache-2.0
import Primitives

/// Reads the batches of one segment, from bytes that nobody vouches for.
///
/// Pure. Stops at the first sector that does not start the batch that must come next, and says what
/// the rest of the segment proves about it.
struct SegmentScan {
    private(set) var batches: [LogBatch] = []
    /// Where the last good batch ends, in bytes.
    private(set) var end: Int
    /// Where the last good batch starts, in bytes; where the scan began if there is none.
    private(set) var lastBatchStart: Int
    private(set) var nextSequence: UInt64
    private(set) var chain: UInt32
    /// What stopped the scan, as it reads in the last segment; `nil` if the log simply ends.
    private(set) var finding: RecoveryFinding?
    /// What was wrong with the bytes; empty if nothing was.
    private(set) var detail = ""

    /// Empty once everything is scanned.
    private var bytes: [UInt8]

    /// Scans a whole segment file behind its header.
    init(_ bytes: [UInt8], header: SegmentHeader) {
        self.init(
            bytes,
            from: Sector.byteCount,
            nextSequence: header.nextSequence,
            chain: header.chain
        )
    }

    /// Scans from a place where a batch ends and `nextSequence` must follow, up to the segment's end.
    init(_ bytes: [UInt8], from start: Int, nextSequence: UInt64, chain: UInt32) {
        self.bytes = bytes
        self.nextSequence = nextSequence
        self.chain = chain
        end = start
        lastBatchStart = start
        while end < bytes.count, finding == nil {
            guard !Sector.isZero(bytes, at: end) else {
                finding = findingBehind(end)
                break
            }
            take()
        }
        self.bytes = []
    }

    /// Appends a scan of the bytes from `start` on, where this one ended.
    mutating func goOn(with rest: SegmentScan, from start: Int) {
        precondition(start == end && finding == nil, "a scan from \(start) behind one up to \(end)")
        batches += rest.batches
        lastBatchStart = rest.batches.isEmpty ? lastBatchStart : start + rest.lastBatchStart
        end = start + rest.end
        (nextSequence, chain) = (rest.nextSequence, rest.chain)
        (finding, detail) = (rest.finding, rest.detail)
    }

    /// Reads one batch at `end`.
    private mutating func take() {
        do throws(ByteDecodingError) {
            let front = try front(at: end)
            guard front.sequence == nextSequence, front.chain == chain else {
                throw .invalid(what: "batch sequence or chain, sequence", value: front.sequence)
            }
            let sectorCount = Sector.count(ofStream: front.streamByteCount)
            guard sectorCount <= (bytes.count - end) / Sector.byteCount else {
                throw .invalid(what: "batch length", value: UInt64(front.streamByteCount))
            }
            let batchEnd = end + sectorCount * Sector.byteCount
            let sectors = stride(from: end, to: batchEnd, by: Sector.byteCount)
            if let hole = sectors.first(where: { Sector.isZero(bytes, at: $0) }) {
                finding = hasFront(from: batchEnd) ? .laterBatch : .tornMiddle
                detail = "batch \(nextSequence): no sector at byte \(hole)"
                return
            }
            guard sectors.dropFirst().allSatisfy({ Sector.mark(of: bytes, at: $0) == .further })
            else { throw .invalid(what: "sector mark in batch", value: nextSequence) }

            var chain = chain
            let stream = Sector.stream(of: bytes, at: end, byteCount: front.streamByteCount)
            batches.append(try LogBatch(stream: stream, front: front, chain: &chain))
            self.chain = chain
            nextSequence += 1
            lastBatchStart = end
            end = batchEnd
        } catch {
            finding = .damagedBatch
            detail = "batch \(nextSequence): \(error)"
        }
    }

    private func front(at offset: Int) throws(ByteDecodingError) -> LogBatch.Front {
        guard Sector.mark(of: bytes, at: offset) == .first else {
            throw .invalid(what: "sector mark", value: UInt64(bytes[offset + Sector.byteCount - 1]))
        }
        return try LogBatch.Front(from: bytes[offset..<offset + LogBatch.frontByteCount])
    }

    /// What follows a sector that was never written where a batch should start.
    private mutating func findingBehind(_ offset: Int) -> RecoveryFinding? {
        let sectors = stride(from: offset, to: bytes.count, by: Sector.byteCount)
        guard let written = sectors.first(where: { !Sector.isZero(bytes, at: $0) }) else {
            return nil
        }
        detail = "batch \(nextSequence): nothing at byte \(offset), something at \(written)"
        return hasFront(from: written) ? .laterBatch : .tornStart
    }

    /// Whether a whole front of this or a later batch stands anywhere from `offset` on.
    private func hasFront(from offset: Int) -> Bool {
        stride(from: offset, to: bytes.count, by: Sector.byteCount).contains { offset in
            guard let front = try? front(at: offset) else { return false }
            return front.sequence >= nextSequence
        }
    }
}
