// SPDX-License-Identifier: Apache-2.0
package import SystemPackage

/// Decides when a disk is not worth asking any more.
///
/// Every failure weighs as much as eight successes make good; three failures close to each other
/// isolate the disk, until the store is opened again.
package struct FaultCounter: Sendable {
    private static let weight = 8
    private static let limit = 3 * weight

    private var level = 0

    /// The errno of the failure that isolated the disk.
    package private(set) var isolatedBy: Errno?

    package init() {}

    package mutating func succeeded() { level = max(0, level - 1) }

    /// Counts a failed system call, where it is the disk's fault.
    package mutating func failed(_ errno: Errno) {
        guard Self.blamesDisk(errno) else { return }
        level += Self.weight
        if level >= Self.limit, isolatedBy == nil { isolatedBy = errno }
    }

    /// Whether a failure speaks against the disk.
    ///
    /// A full disk or too many open files pass; they say nothing about its health.
    package static func blamesDisk(_ errno: Errno) -> Bool {
        let passing: [Errno] = [
            .noSpace, .diskQuotaExceeded, .tooManyOpenFiles, .tooManyOpenFilesInSystem, .noMemory,
            .noSuchFileOrDirectory, .fileExists,
        ]
        return !passing.contains(errno)
    }
}
