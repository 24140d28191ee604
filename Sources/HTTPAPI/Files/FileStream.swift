// SPDX-License-Identifier: Apache-2.0
import ClientRuntime
import NIOCore
import PlacementCore

/// Sends a range of one version of a file, several pieces on their way at a time.
///
///     pieces   0   1   2   3   4   5   6   …
///              │   └───┬───┴───┘   └ not asked for yet
///            being   being read or arrived, at most `window` with the one being sent
///            sent
///
/// A client of a cold file so keeps several fetches at the origin going; one that takes its time
/// stops the reads as soon as the window is full.
///
/// Invariants:
/// 1. `sent` ≤ `asked` ≤ `sent` + window.
/// 2. Every piece asked for beyond the next to be sent is paid for in the budget, and given back.
struct FileStream: Sendable {
    let files: any FileSystemClient
    let file: FileReference
    let pieces: FilePieces
    let client: ClientKind
    let window: Int
    let budget: ReadAheadBudget

    /// The most that one write hands to the connection: what a stalled client must take within the
    /// stall deadline.
    private static let sliceByteCount = 256 << 10

    /// One piece; also used for the first, before the answer begins.
    func read(_ index: Int) async throws(FileError) -> ByteBuffer {
        let range = pieces[index]
        let ahead = min(
            UInt64(window) * PageGeometry.pageByteCount,
            pieces.range.upperBound - range.upperBound
        )
        let bytes = try await files.read(
            file,
            range: range,
            context: ReadContext(client: client, readAhead: ahead)
        )
        guard bytes.readableBytes == range.count else {
            throw .originFailed("\(bytes.readableBytes) bytes came instead of \(range.count)")
        }
        return bytes
    }

    /// Sends the first piece, which has been read, and then all others.
    ///
    /// - Throws: What a read or a write threw; the answer is then cut off.
    func send(first: ByteBuffer, to write: APIResponse.BodyWriter) async throws {
        try await withThrowingTaskGroup(of: (index: Int, bytes: ByteBuffer).self) { group in
            var ledger = Ledger(budget: budget)
            defer { ledger.settle() }
            var arrived = [0: first]
            var asked = 1

            for index in 0..<pieces.count {
                while asked < min(index + window, pieces.count),
                    ledger.pay(for: pieces[asked], isNext: asked == index)
                {
                    group.addTask { [asked] in (asked, try await read(asked)) }
                    asked += 1
                }
                while arrived[index] == nil, let piece = try await group.next() {
                    arrived[piece.index] = piece.bytes
                }
                if let bytes = arrived.removeValue(forKey: index) {
                    try await send(bytes, to: write)
                }
                ledger.release(pieces[index])
            }
        }
    }

    private func send(_ bytes: ByteBuffer, to write: APIResponse.BodyWriter) async throws {
        var rest = bytes
        while let slice = rest.readSlice(length: min(rest.readableBytes, Self.sliceByteCount)),
            slice.readableBytes > 0
        {
            try await write(slice)
        }
    }
}

/// What one stream owes the budget.
private struct Ledger {
    let budget: ReadAheadBudget
    /// Start of each piece paid for, with its price.
    private var paid: [UInt64: Int] = [:]

    init(budget: ReadAheadBudget) { self.budget = budget }

    /// `false`: there is no room; the piece must wait until it is the next.
    mutating func pay(for piece: Range<UInt64>, isNext: Bool) -> Bool {
        if isNext { return true }
        guard budget.take(piece.count) else { return false }
        paid[piece.lowerBound] = piece.count
        return true
    }

    mutating func release(_ piece: Range<UInt64>) {
        if let price = paid.removeValue(forKey: piece.lowerBound) { budget.giveBack(price) }
    }

    mutating func settle() {
        for price in paid.values { budget.giveBack(price) }
        paid = [:]
    }
}
