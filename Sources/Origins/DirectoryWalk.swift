// SPDX-License-Identifier: Apache-2.0
import Primitives

/// Makes one page of a listing out of a directory tree, in the order of S3: bytewise by key.
///
/// Depth first with directories sorted as `name/` is that order: no other name of a directory begins
/// with `name/`, so everything below it sorts as `name/` itself does. A page continues behind the last
/// key of the one before; nothing is kept between pages.
struct DirectoryWalk {
    private let isDelimited: Bool
    private let limit: Int
    private var found: [DirectoryItem] = []
    /// Whether the prefix asked for is a directory.
    private var directoryExists = false

    /// Each page reads the whole directory, so large ones want large pages; the bound is memory.
    private static let pageLimit = 10_000
    /// Directories inside each other: deeper ones are not listed.
    private static let depthLimit = 128

    static func page(
        _ query: OriginListQuery,
        in root: borrowing DirectoryTree.Root
    ) throws(OriginError) -> OriginListing {
        let slash = query.prefix.bytes.lastIndex(of: UInt8(ascii: "/"))
        let key = ByteString(query.prefix.bytes[..<(slash.map { $0 + 1 } ?? 0)])
        guard key.isEmpty || DirectoryTree.isKey(ByteString(key.bytes.dropLast())) else {
            return OriginListing(objects: [], prefixes: [], next: nil)
        }
        var walk = DirectoryWalk(query)
        try walk.visit(
            key,
            prefix: query.prefix.dropFirst(key.count),
            after: query.continuation,
            depth: 0,
            in: root
        )
        return walk.listing
    }

    private init(_ query: OriginListQuery) {
        isDelimited = query.isDelimited
        limit = min(max(query.limit, 1), Self.pageLimit)
    }

    /// One more than fits tells that there is a next page.
    private var isFull: Bool { found.count > limit }

    private var listing: OriginListing {
        let shown = found.prefix(limit)
        return OriginListing(
            objects: shown.compactMap(\.object),
            prefixes: shown.filter(\.isDirectory).map(\.sortKey),
            next: isFull ? shown.last.map { $0.object?.key ?? $0.sortKey } : nil,
            directoryExists: directoryExists
        )
    }

    private mutating func visit(
        _ key: ByteString,
        prefix: ByteString,
        after: ByteString?,
        depth: Int,
        in root: borrowing DirectoryTree.Root
    ) throws(OriginError) {
        guard depth < Self.depthLimit else { return }
        var filter = DirectoryFilter(prefix: prefix)
        if let after, after.hasPrefix(key) {
            filter.after = after.dropFirst(key.count)
            filter.keepsOpenDirectory = !isDelimited
        } else if let after, after > key {
            return
        }

        while !isFull {
            let wanted = limit + 1 - found.count
            let chunk = try DirectoryScan(key: key, filter: filter, limit: wanted).chunk(in: root)
            if depth == 0, prefix.isEmpty { directoryExists = chunk.directoryExists }
            for item in chunk.items where !isFull {
                try take(item, of: key, after: after, depth: depth, in: root)
            }
            guard let last = chunk.last else { return }
            filter.after = last
            filter.keepsOpenDirectory = false
        }
    }

    private mutating func take(
        _ item: DirectoryItem,
        of key: ByteString,
        after: ByteString?,
        depth: Int,
        in root: borrowing DirectoryTree.Root
    ) throws(OriginError) {
        let whole = key + item.sortKey
        if !item.isDirectory {
            found.append(item)
        } else if isDelimited {
            found.append(DirectoryItem(sortKey: whole, object: nil))
        } else {
            try visit(whole, prefix: ByteString(), after: after, depth: depth + 1, in: root)
        }
    }
}
