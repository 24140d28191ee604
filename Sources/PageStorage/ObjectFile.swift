// SPDX-License-Identifier: Apache-2.0
import SystemPackage

/// The open file that holds an object's bytes at the object's own offsets.
///
/// Closed when the last reader lets go, also long after the object was evicted: the file was
/// unlinked, never truncated, so what was read from it stays right.
final class ObjectFile: Sendable {
    let descriptor: Descriptor
    let path: FilePath
    /// Keeps the blocks counted while the descriptor is open.
    private let claim: SpaceClaim

    init(descriptor: Descriptor, path: FilePath, claim: SpaceClaim) {
        self.descriptor = descriptor
        self.path = path
        self.claim = claim
    }

    deinit {
        // Nothing can be done about a failed close, and the descriptor is gone in any case.
        try? descriptor.close()
    }
}

/// A read-only descriptor of an object's file, to be passed on or read from directly.
///
/// Valid for as long as this value lives. The inode is immutable: bytes appear in its holes, none
/// that are there ever change.
package final class PageFile: Sendable {
    private let file: ObjectFile
    /// Whether every page was there when the file was opened.
    package let isComplete: Bool

    init(file: ObjectFile, isComplete: Bool) {
        self.file = file
        self.isComplete = isComplete
    }

    /// Lends the descriptor; it must not be used once `body` has returned.
    package func withDescriptor<Answer>(_ body: (CInt) throws -> Answer) rethrows -> Answer {
        try body(file.descriptor.rawValue)
    }
}
