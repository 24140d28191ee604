// SPDX-License-Identifier: Apache-2.0
import APIModel
package import CatalogCore
package import NIOCore
import Primitives
import Synchronization

/// The lines of the newest changes, encoded once for all watches of a worker.
///
/// A thousand watchers get the same line; what differs between those of different prefixes is only
/// whether more of a revision follows, so they share most lines, too.
///
/// Invariants:
/// 1. At most `lineLimit` lines and `byteLimit` bytes are kept, the oldest leave first.
/// 2. A line is given for the very change that it was made of: a state that was rebuilt may give a
///    revision to another change.
package struct WatchLines: Sendable {
    private struct Name: Hashable {
        let revision: Revision
        let key: ByteString
        let hasMore: Bool
    }

    private struct Line {
        let change: CatalogChange
        let text: ByteBuffer
    }

    private let lineLimit: Int
    private let byteLimit: Int
    private var lines: [Name: Line] = [:]
    /// Oldest first; each name once.
    private var order: ArraySlice<Name> = []
    package private(set) var byteCount = 0

    package init(lineLimit: Int = 1024, byteLimit: Int = 512 << 10) {
        self.lineLimit = lineLimit
        self.byteLimit = byteLimit
    }

    package var count: Int { lines.count }

    /// The line of `change`, newline included; made by `encode` unless it is known.
    package mutating func line(
        of change: CatalogChange,
        encode: (WatchEvent) throws -> ByteBuffer = Self.encode
    ) rethrows -> ByteBuffer {
        let name = Name(revision: change.revision, key: change.key, hasMore: change.hasMore)
        if let known = lines[name], known.change == change { return known.text }  // Invariant 2.
        let text = try encode(.change(change))
        keep(Line(change: change, text: text), as: name)
        return text
    }

    /// The line of any event, newline included.
    package static func encode(_ event: WatchEvent) throws -> ByteBuffer {
        let line = WatchLine(event)
        var text = try line.written ?? JSONText.encode(line)
        text.writeInteger(UInt8(ascii: "\n"))
        return text
    }

    private mutating func keep(_ line: Line, as name: Name) {
        let byteCount = line.text.readableBytes
        guard byteCount <= byteLimit else { return }
        if let old = lines.updateValue(line, forKey: name) {
            self.byteCount -= old.text.readableBytes
        } else {
            order.append(name)
        }
        self.byteCount += byteCount
        while lines.count > lineLimit || self.byteCount > byteLimit, let oldest = order.popFirst() {
            let gone = lines.removeValue(forKey: oldest)
            self.byteCount -= gone?.text.readableBytes ?? 0
        }
    }
}

/// ``WatchLines`` for all connections of a server.
final class SharedWatchLines: Sendable {
    private let lines = Mutex(WatchLines())

    /// Appends the lines of `events` to `text`.
    ///
    /// The lock is held while a line is made, so that the others wait for it and need not make it, too.
    func append(_ event: WatchEvent, to text: inout ByteBuffer) throws {
        var line: ByteBuffer
        switch event {
        case .change(let change): line = try lines.withLock { try $0.line(of: change) }
        case .state, .progress, .closed: line = try WatchLines.encode(event)
        }
        text.writeBuffer(&line)
    }
}
