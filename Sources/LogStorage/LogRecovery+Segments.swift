// SPDX-License-Identifier: Apache-2.0
import Primitives
import RaftCore
import SystemPackage

extension LogRecovery {
    /// Reads all segments, oldest first, and replays what they say.
    mutating func readSegments() throws(LogStorageError) {
        let numbers = names.compactMap(SegmentHeader.number(in:)).sorted()
        guard let last = numbers.last, last >= slot.highestSegment else {
            let found = numbers.last.map(SegmentHeader.name) ?? "none"
            let name = SegmentHeader.name(slot.highestSegment)
            throw refusal(.vanishedTail, name, nil, "newest found: \(found)")
        }
        for (position, number) in numbers.enumerated() {
            if position > 0, number != numbers[position - 1] + 1 {
                let name = SegmentHeader.name(numbers[position - 1] + 1)
                throw refusal(.numberGap, name, nil, "next found: \(number)")
            }
            try readSegment(number, isLast: number == last)
        }
        shelf?.keepOnly(numbers)
    }

    private mutating func readSegment(_ number: UInt64, isLast: Bool) throws(LogStorageError) {
        let name = SegmentHeader.name(number)
        let opened = try directory.readable(name) { () throws(Errno) in try directory.open(name) }
        guard let file = opened else { throw refusal(.damagedHeader, name, nil, unreadableDetail) }
        let header = try readHeader(number, file)
        if segments.isEmpty {
            window = LogWindow(first: header.nextIndex)
            (nextSequence, chain) = (header.nextSequence, header.chain)
        }
        guard header.nextSequence == nextSequence, header.chain == chain,
            header.nextIndex == window.next
        else {
            let detail = "goes on at \(header.nextIndex), the log ends before \(window.next)"
            throw refusal(.brokenLink, name, 0, detail)
        }
        try merge(header.hardState, name)
        segments.append(
            LogStorage.Segment(number: number, floor: window.next, lastLive: .zero)
        )

        let read = try directory.readable(name) { () throws(Errno) in
            try file.read(at: 0, count: header.byteCount)
        }
        // In the last segment too: what cannot be read may be a batch that was durable.
        guard let bytes = read else {
            throw refusal(isLast ? .damagedBatch : .damagedSegment, name, nil, unreadableDetail)
        }
        guard bytes.count == header.byteCount else {
            throw refusal(.wrongLength, name, nil, "\(bytes.count) bytes read")
        }
        let scan = shelf?.scan(of: number) ?? SegmentScan(bytes, header: header)
        shelf?.keep(scan, of: number)
        try judge(scan, name, isLast: isLast)
        batchCount += scan.batches.count
        for batch in scan.batches { try replay(batch, name) }
        (nextSequence, chain) = (scan.nextSequence, scan.chain)
        guard isLast else { return }
        tail = (header, scan.end)
        if shelf == nil { tailBytes = Array(bytes[..<scan.end]) }
        lastBatchStart = scan.lastBatchStart
    }

    /// Reads what was written to the last segment, whose name the caller has kept, behind its last good
    /// batch.
    mutating func readTail(
        _ name: String,
        from end: inout Int,
        upTo limit: Int
    ) throws(LogStorageError) {
        guard let header = tail?.header, limit > end else { return }
        let rest = try io("read", name) { [start = end] () throws(Errno) in
            try directory.open(name).read(at: start, count: limit - start)
        }
        let scan = SegmentScan(rest, from: 0, nextSequence: nextSequence, chain: chain)
        try judge(scan, name, isLast: true)
        for batch in scan.batches { try replay(batch, name) }
        (nextSequence, chain) = (scan.nextSequence, scan.chain)
        shelf?.extend(header.number, by: scan, from: end)
        if !scan.batches.isEmpty { lastBatchStart = end + scan.lastBatchStart }
        end += scan.end
        try requireTermsInOrder()
    }

    private func readHeader(
        _ number: UInt64,
        _ file: any LogFile
    ) throws(LogStorageError) -> SegmentHeader {
        let name = SegmentHeader.name(number)
        let read = try directory.readable(name) { () throws(Errno) in
            try file.read(at: 0, count: Sector.byteCount)
        }
        guard let sector = read else { throw refusal(.damagedHeader, name, 0, unreadableDetail) }
        let header: SegmentHeader
        do throws(ByteDecodingError) {
            header = try SegmentHeader(decoding: sector)
        } catch {
            try refuseIfNewer(error, name, 0)
            throw refusal(.damagedHeader, name, 0, "\(error)")
        }
        if let finding = identity.finding(on: header.identity) {
            throw refusal(finding, name, 0, "\(header.identity), expected \(identity)")
        }
        guard header.number == number else {
            let detail = "header says \(SegmentHeader.name(header.number))"
            throw refusal(.misnamed, name, 0, detail)
        }
        let byteCount = try io("stat", name) { () throws(Errno) in try file.byteCount() }
        guard byteCount == header.byteCount, byteCount % Sector.byteCount == 0 else {
            let detail = "\(byteCount) bytes, header says \(header.byteCount)"
            throw refusal(.wrongLength, name, nil, detail)
        }
        return header
    }

    /// Looks a scan's finding up for the place it was found in.
    private mutating func judge(
        _ scan: SegmentScan,
        _ name: String,
        isLast: Bool
    ) throws(LogStorageError) {
        guard let tailFinding = scan.finding else { return }
        let finding: RecoveryFinding =
            switch tailFinding {
            case _ where isLast: tailFinding
            case .damagedBatch: .damagedSegment
            default: .unfinishedSegment
            }
        guard RecoveryRule.rule(for: finding).verdict == .cut else {
            throw refusal(finding, name, scan.end, scan.detail)
        }
        note(finding, name, scan.detail)
    }

    private mutating func replay(_ batch: LogBatch, _ name: String) throws(LogStorageError) {
        guard batch.durableUpTo == window.lastIndex else {
            let detail =
                "batch \(batch.sequence) follows \(batch.durableUpTo), not "
                + "\(window.lastIndex)"
            throw refusal(.indexGap, name, nil, detail)
        }
        for record in batch.records {
            if let finding = window.apply(record) {
                let detail = "batch \(batch.sequence), expected \(window.next)"
                throw refusal(finding, name, nil, detail)
            }
            segments.apply(record)
            switch record {
            case .entry(let entry): entries.append(entry)
            case .truncate(let index): entries.removeLast(entries.count { $0.index >= index })
            case .reset: entries = []
            case .hardState(let state): try merge(state, name)
            }
        }
    }
}
