// SPDX-License-Identifier: Apache-2.0
import Glibc
import SystemPackage

/// Ending of names that are not in place yet.
let leftoverSuffix = ".tmp"

extension LogDirectory {
    /// Puts a file in place whole: written under another name, synced, renamed, directory synced.
    ///
    /// Whoever finds the name finds all of `content`, and zeros behind it up to `byteCount`. The
    /// zeros are written, not left as a hole: a later sync then need not touch the file's metadata
    /// (90 µs instead of 186 µs an `fdatasync`, `Docs/log-storage.md`).
    func place(
        _ name: String,
        _ content: [UInt8],
        byteCount: Int
    ) throws(IOFailure) -> any LogFile {
        let draft = name + leftoverSuffix
        do throws(IOFailure) {
            try discardDraft(draft)
            let file = try writeDraft(draft, content, byteCount: byteCount)
            try failing("rename", draft) { () throws(Errno) in try rename(draft, to: name) }
            try syncNames()
            return file
        } catch {
            if error.isDiskFull { try? discardDraft(draft) }  // It takes space that others need.
            throw error
        }
    }

    private func writeDraft(
        _ draft: String,
        _ content: [UInt8],
        byteCount: Int
    ) throws(IOFailure) -> any LogFile {
        let file = try failing("create", draft) { () throws(Errno) in try create(draft) }
        try failing("write", draft) { () throws(Errno) in
            try file.write(content, at: 0)
            try writeZeros(to: file, from: content.count, upTo: byteCount)
        }
        try failing("sync", draft) { () throws(Errno) in try file.sync() }
        return file
    }

    /// In pieces: a buffer as long as a segment would stay with the process.
    private func writeZeros(
        to file: any LogFile,
        from start: Int,
        upTo end: Int
    ) throws(Errno) {
        let longest = 1 << 20
        guard end > start else { return }
        let zeros = [UInt8](repeating: 0, count: min(longest, end - start))
        for offset in stride(from: start, to: end, by: longest) {
            let isWhole = offset + longest <= end
            try file.write(isWhole ? zeros : Array(zeros.prefix(end - offset)), at: offset)
        }
    }

    private func discardDraft(_ draft: String) throws(IOFailure) {
        try failing("remove", draft) { () throws(Errno) in
            do throws(Errno) {
                try remove(draft)
            } catch {
                guard error == .noSuchFileOrDirectory else { throw error }
            }
        }
    }

    /// Removes one file, durably.
    func discard(_ name: String) throws(IOFailure) {
        try failing("remove", name) { () throws(Errno) in try remove(name) }
        try syncNames()
    }

    func syncNames() throws(IOFailure) {
        try failing("sync", "") { () throws(Errno) in try sync() }
    }
}

extension IOFailure {
    /// Whether the disk was full when a file was being drafted.
    ///
    /// Nothing that counts was touched then: a draft is nobody's file before it is renamed. Anywhere
    /// else a lack of space is a failed write like any other.
    var isDiskFull: Bool {
        file.hasSuffix(leftoverSuffix) && (errno == .noSpace || errno == Errno(rawValue: EDQUOT))
    }
}
