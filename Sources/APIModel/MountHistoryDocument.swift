// SPDX-License-Identifier: Apache-2.0

/// What was at a mount path, revision by revision, oldest first: `GET /v1/mount/history`.
package struct MountHistoryDocument: Codable, Hashable, Sendable {
    package var items: [MountRevisionDocument]
    /// Pass it as `after` for the next page; `nil`: this was the last.
    @Nullable package var next: String?
    /// Up to this revision nothing is known of the path any more; 0: all is.
    package var compactedThrough: UInt64

    package init(items: [MountRevisionDocument], next: String?, compactedThrough: UInt64) {
        self.items = items
        self.next = next
        self.compactedThrough = compactedThrough
    }
}

/// One revision of a mount.
package struct MountRevisionDocument: Codable, Hashable, Sendable {
    package enum Kind: String, Codable, Sendable { case put, delete }

    package var revision: UInt64
    package var type: Kind
    /// By the clock of the worker that was asked; `nil` where it is not known any more.
    @Nullable package var time: Timestamp?
    /// The mount as it was from then on; `nil` where it was taken away.
    @Nullable package var value: MountDocument?

    package init(revision: UInt64, type: Kind, time: Timestamp?, value: MountDocument?) {
        self.revision = revision
        self.type = type
        self.time = time
        self.value = value
    }
}
