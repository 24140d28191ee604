// SPDX-License-Identifier: Apache-2.0
package import Primitives

/// What a voter's log was found to have lost, written down the moment it is known.
///
/// A scrub knows more than the next start will: that a sector which reads as zeros had been durable.
/// Without this the start would take it for a batch cut short, and drop what was acknowledged. From then
/// on the log is refused, whatever its files say, until its store is given up.
///
/// Format 1, one sector, little-endian: `TARNLOSS` · format (u32) · store (16) · finding (text)
/// · file (text) · detail (text) · zeros up to 508 · CRC-32C of all before (u32).
package struct Condemnation: Hashable, Sendable {
    /// Whose log it is: of another store it says nothing.
    package let store: StoreID
    package let finding: RecoveryFinding
    package let file: String
    package let detail: String

    /// Bytes of a text that are kept at most, so that all of it fits one sector.
    private static let longestText = 140

    /// Longer texts are cut.
    package init(store: StoreID, finding: RecoveryFinding, file: String, detail: String) {
        self.store = store
        self.finding = finding
        self.file = Self.cut(file)
        self.detail = Self.cut(detail)
    }

    /// The same as opening the log would put it.
    package var refusal: RecoveryRefusal {
        RecoveryRefusal(finding: finding, file: file, offset: nil, detail: detail)
    }

    private static func cut(_ text: String) -> String {
        var kept = text.prefix(longestText)
        while kept.utf8.count > longestText { kept.removeLast() }
        return String(kept)
    }
}

extension Condemnation {
    private static let magic = Array("TARNLOSS".utf8)
    private static let newestFormat: UInt32 = 1

    /// Puts the note in its place in a data directory; durable when it returns.
    ///
    /// - Parameters:
    ///   - directory: The data directory.
    ///   - makeRoom: Asked on a full disk; says whether there may be room now.
    /// - Throws: ``IOFailure``; the note is not there then.
    package func write(
        in directory: any LogDirectory,
        makeRoom: () -> Bool
    ) throws(IOFailure) {
        let (name, block) = (DataDirectory.condemnationName, encoded())
        do throws(IOFailure) {
            _ = try directory.place(name, block, byteCount: block.count)
        } catch {
            guard error.isDiskFull, makeRoom() else { throw error }
            _ = try directory.place(name, block, byteCount: block.count)
        }
    }

    /// The file's bytes.
    package func encoded() -> [UInt8] {
        var writer = ByteWriter()
        writer.write(raw: Self.magic)
        writer.write(Self.newestFormat)
        writer.write(store.rawValue)
        writer.write(finding.rawValue)
        writer.write(file)
        writer.write(detail)
        return sealed(writer.bytes, byteCount: Sector.byteCount)
    }

    init(decoding block: [UInt8]) throws(ByteDecodingError) {
        var reader = try openSealed(
            block,
            byteCount: Sector.byteCount,
            magic: Self.magic,
            newest: Self.newestFormat
        )
        let store = StoreID(try reader.uniqueID())
        let word = try reader.text()
        guard let finding = RecoveryFinding(rawValue: word) else {
            throw .invalid(what: "finding", value: UInt64(word.utf8.count))
        }
        self.init(
            store: store,
            finding: finding,
            file: try reader.text(),
            detail: try reader.text()
        )
    }

    /// What counts where the note itself cannot be read: something was found, nobody knows what.
    init(unreadable detail: String, store: StoreID) {
        self.init(
            store: store,
            finding: .damagedBatch,  // The one that may have cost an acknowledged write.
            file: DataDirectory.condemnationName,
            detail: "what was found cannot be read: \(detail)"
        )
    }
}
