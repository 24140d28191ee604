// SPDX-License-Identifier: Apache-2.0

package import Primitives

/// How fast pages may move between workers, at each of them.
package struct HandoffSettings: Hashable, Sendable {
    /// Bytes a second that a worker sends; at least 1 MiB.
    package var bytesPerSecond: UInt64
    package var isPaused: Bool

    /// The least that may be asked for: a page a second.
    package static let leastBytesPerSecond: UInt64 = 1 << 20

    /// 256 MiB a second: a fifth of a 10 Gbit/s link.
    package init(bytesPerSecond: UInt64 = 256 << 20, isPaused: Bool = false) {
        self.bytesPerSecond = bytesPerSecond
        self.isPaused = isPaused
    }

    /// What of it a person wants otherwise; `nil`: as it is.
    package struct Change: Hashable, Sendable {
        package var bytesPerSecond: UInt64?
        package var isPaused: Bool?

        package init(bytesPerSecond: UInt64? = nil, isPaused: Bool? = nil) {
            self.bytesPerSecond = bytesPerSecond
            self.isPaused = isPaused
        }

        func write(to writer: inout ByteWriter) {
            writer.write(optional: bytesPerSecond) { $0.write($1) }
            writer.write(optional: isPaused) { $0.write($1) }
        }

        init(from reader: inout ByteReader) throws(ByteDecodingError) {
            self.init(
                bytesPerSecond: try reader.optional { (reader) throws(ByteDecodingError) in
                    try reader.counter("rate")
                },
                isPaused: try reader.optional { (reader) throws(ByteDecodingError) in
                    try reader.flag()
                }
            )
        }
    }

    package func with(_ change: Change) -> Self {
        Self(
            bytesPerSecond: change.bytesPerSecond ?? bytesPerSecond,
            isPaused: change.isPaused ?? isPaused
        )
    }

    func write(to writer: inout ByteWriter) {
        writer.write(bytesPerSecond)
        writer.write(isPaused)
    }

    init(from reader: inout ByteReader) throws(ByteDecodingError) {
        self.init(bytesPerSecond: try reader.counter("rate"), isPaused: try reader.flag())
    }
}

/// How far one worker is with giving away what is not its own by the newest epoch.
package struct HandoffReport: Hashable, Sendable {
    /// Pages and their bytes.
    package struct Amount: Hashable, Sendable {
        package var pages: UInt64
        package var bytes: UInt64

        package init(pages: UInt64 = 0, bytes: UInt64 = 0) {
            self.pages = pages
            self.bytes = bytes
        }

        package static func + (left: Self, right: Self) -> Self {
            Self(pages: left.pages &+ right.pages, bytes: left.bytes &+ right.bytes)
        }

        /// 0 where there is more to take away than there is.
        package static func - (left: Self, right: Self) -> Self {
            Self(
                pages: left.pages - min(left.pages, right.pages),
                bytes: left.bytes - min(left.bytes, right.bytes)
            )
        }

        package func atLeast(_ other: Self) -> Self {
            Self(pages: max(pages, other.pages), bytes: max(bytes, other.bytes))
        }

        func write(to writer: inout ByteWriter) {
            writer.write(pages)
            writer.write(bytes)
        }

        init(from reader: inout ByteReader) throws(ByteDecodingError) {
            self.init(
                pages: try reader.counter("pages"),
                bytes: try reader.counter("bytes")
            )
        }
    }

    package let node: NodeID
    package let epoch: RingEpoch
    /// What is still to be given away.
    package let remaining: Amount
    /// What was given away since the worker began with this epoch.
    package let moved: Amount
    /// Nothing more can be given away by this epoch.
    package let isDone: Bool

    /// All that it had and has to give away by this epoch, as far as it knows.
    package var work: Amount { remaining + moved }

    package init(
        node: NodeID,
        epoch: RingEpoch,
        remaining: Amount,
        moved: Amount,
        isDone: Bool
    ) {
        self.node = node
        self.epoch = epoch
        self.remaining = remaining
        self.moved = moved
        self.isDone = isDone
    }

    func write(to writer: inout ByteWriter) {
        writer.write(node.rawValue)
        writer.write(epoch.rawValue)
        remaining.write(to: &writer)
        moved.write(to: &writer)
        writer.write(isDone)
    }

    init(from reader: inout ByteReader) throws(ByteDecodingError) {
        self.init(
            node: NodeID(try reader.counter("node id")),
            epoch: RingEpoch(try reader.counter("epoch")),
            remaining: try Amount(from: &reader),
            moved: try Amount(from: &reader),
            isDone: try reader.flag()
        )
    }
}
