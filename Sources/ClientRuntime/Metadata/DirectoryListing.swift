// SPDX-License-Identifier: Apache-2.0
import Codecs
package import Origins
package import Primitives

/// One directory as the origin lists it, turned into what POSIX can show.
///
/// Invariants:
/// 1. Entries are in bytewise order of names, directories compared with a trailing `/`.
/// 2. No name twice: where an object `p` and keys `p/…` exist, `p` is a directory.
/// 3. Every name is 1…255 bytes, without `/`, neither `.` nor `..`.
/// 4. `corrections` name files of `entries`, at most ``correctionLimit``.
package struct DirectoryListing: Sendable {
    package struct Entry: Sendable, Hashable {
        package let name: ByteString
        package let isDirectory: Bool
        /// In bytes; 0 for directories.
        package let size: UInt64
        package let modifiedUnixNS: Int64
        package let version: ByteString

        /// What invariant 1 compares.
        var sortKey: ByteString { isDirectory ? name + "/" : name }
    }

    /// More files found to be others than listed, and the directory is listed anew.
    package static let correctionLimit = 1_000

    /// As the origin listed them.
    package let entries: [Entry]
    /// Keys that POSIX cannot show.
    package let hiddenCount: Int
    /// Whether the origin has anything below this directory's prefix, its own marker included.
    package let exists: Bool

    /// It is known to be wrong in a way that only the origin can set right.
    package private(set) var isOutdated = false

    private let byName: [ByteString: Int]
    /// What files are by now; `nil`: gone.
    private var corrections: [Int: Entry?] = [:]

    init(entries: [Entry], hiddenCount: Int, exists: Bool) {
        self.entries = entries
        self.hiddenCount = hiddenCount
        self.exists = exists
        var byName: [ByteString: Int] = [:]
        byName.reserveCapacity(entries.count)
        for (position, entry) in entries.enumerated() { byName[entry.name] = position }
        self.byName = byName
    }

    /// Constant time.
    package func entry(named name: ByteString) -> Entry? {
        guard let position = byName[name] else { return nil }
        if let correction = corrections[position] { return correction }
        return entries[position]
    }

    /// Puts what a look-up has found, later than the listing, in a file's place; `nil`: nothing.
    package mutating func correct(_ name: ByteString, with file: Entry?) {
        guard let position = byName[name], !entries[position].isDirectory,
            corrections.count < Self.correctionLimit
        else {
            isOutdated = true
            return
        }
        corrections[position] = .some(file)
    }

    /// Up to `limit` entries behind a cursor, whose entry need not exist any more.
    ///
    /// A cursor is what invariant 1 compares: of a directory, its name and a `/`. A bare name will do for
    /// a directory that is there.
    package func page(
        after cursor: ByteString?,
        limit: Int
    ) -> (entries: [Entry], hasMore: Bool) {
        var start = 0
        if let cursor {
            if let position = byName[cursor] {
                start = position + 1
            } else {
                start = firstPosition(behind: cursor)
            }
        }
        guard !corrections.isEmpty else {
            let page = entries[start...].prefix(limit)
            return (Array(page), page.endIndex < entries.count)
        }
        var page: [Entry] = []
        var next = start
        while next < entries.count, page.count < limit {
            if let entry = corrections[next] ?? entries[next] { page.append(entry) }
            next += 1
        }
        return (page, next < entries.count)
    }

    /// Logarithmic time (invariant 1).
    private func firstPosition(behind cursor: ByteString) -> Int {
        var (low, high) = (0, entries.count)
        while low < high {
            let middle = low + (high - low) / 2
            if entries[middle].sortKey > cursor { high = middle } else { low = middle + 1 }
        }
        return low
    }

    /// Whether POSIX can show a file or directory of this name.
    static func isShowable(_ name: ByteString) -> Bool {
        (1...255).contains(name.count) && name != "." && name != ".."
            && !name.bytes.contains(0) && !name.bytes.contains(UInt8(ascii: "/"))
    }
}

/// Gathers the pages of a listing.
package struct DirectoryListingBuilder {
    /// Entries of one directory at most: about 300 MB of memory.
    static let entryLimit = 1_000_000

    private let prefix: ByteString
    private var files: [DirectoryListing.Entry] = []
    private var directories: Set<ByteString> = []
    private var hiddenCount = 0
    private var exists = false

    package init(prefix: ByteString) { self.prefix = prefix }

    /// Keys and directories seen, those that stay hidden too: what the origin's answers cost.
    var count: Int { files.count + directories.count + hiddenCount }

    /// Takes the next page.
    package mutating func add(_ page: OriginListing) {
        exists =
            exists || page.directoryExists || !page.objects.isEmpty || !page.prefixes.isEmpty
        for object in page.objects where object.key != prefix {  // Equal: the directory's marker.
            let name = object.key.dropFirst(prefix.count)
            guard DirectoryListing.isShowable(name) else {
                hiddenCount += 1
                continue
            }
            files.append(
                DirectoryListing.Entry(
                    name: name,
                    isDirectory: false,
                    size: object.size,
                    modifiedUnixNS: object.modifiedUnixNS,
                    version: object.version
                )
            )
        }
        for common in page.prefixes {
            addDirectory(ByteString(common.bytes.dropFirst(prefix.count).dropLast()))
        }
    }

    /// Adds a directory that the origin lists, or that is there because a mount lies below it.
    package mutating func addDirectory(_ name: ByteString) {
        if DirectoryListing.isShowable(name) {
            directories.insert(name)
        } else {
            hiddenCount += 1
        }
    }

    /// What has been gathered, in order.
    package func build() -> DirectoryListing {
        var entries = files.filter { !directories.contains($0.name) }  // Invariant 2.
        entries += directories.map { name in
            DirectoryListing.Entry(
                name: name,
                isDirectory: true,
                size: 0,
                modifiedUnixNS: 0,
                version: ByteString()
            )
        }
        entries.sort { $0.sortKey < $1.sortKey }
        return DirectoryListing(entries: entries, hiddenCount: hiddenCount, exists: exists)
    }
}
