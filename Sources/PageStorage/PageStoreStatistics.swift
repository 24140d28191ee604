// SPDX-License-Identifier: Apache-2.0
package import SystemPackage

/// Why pages had to go: the label `reason` of `tarn_store_evicted_bytes_total`.
package enum EvictionReason: String, Sendable, CaseIterable {
    /// The directory reached its configured capacity.
    case capacity
    /// The file system came below the 5 % that stay free.
    case freeSpace = "free-space"
    /// The kernel answered ENOSPC all the same.
    case diskFull = "disk-full"
}

/// One cache directory at one moment.
package struct PageDiskStatistics: Sendable, Equatable {
    package var directory: FilePath
    /// Bytes its blocks may take.
    package var capacity: UInt64
    /// Bytes its blocks take, files unlinked but still open included.
    package var allocated: UInt64 = 0
    /// Object versions with at least one file.
    package var objectCount: Int = 0
    /// Pages held.
    package var pageCount: UInt64 = 0
    /// Bytes of pages evicted since the start, by ``EvictionReason``, in the order of its cases.
    package var evictedBytes: [UInt64] = EvictionReason.allCases.map { _ in 0 }
    /// Pages found damaged since the start; each was a miss.
    package var badPageCount: UInt64 = 0
    /// Records of sidecar files found damaged at the start; each page of them is a miss.
    package var badRecordCount: UInt64 = 0
    /// Pages that could not be written since the start.
    package var failedWriteCount: UInt64 = 0
    /// Set once the disk is not used any more: why.
    package var isolatedBy: Errno?

    package init(directory: FilePath, capacity: UInt64) {
        self.directory = directory
        self.capacity = capacity
    }

    /// Bytes of pages evicted since the start for one reason.
    package func evictedBytes(_ reason: EvictionReason) -> UInt64 {
        zip(EvictionReason.allCases, evictedBytes).first { $0.0 == reason }?.1 ?? 0
    }
}

/// The whole store at one moment.
package struct PageStoreStatistics: Sendable, Equatable {
    /// In the order of the configuration.
    package let disks: [PageDiskStatistics]

    package init(disks: [PageDiskStatistics]) { self.disks = disks }

    /// Pages held: `tarn_store_pages`.
    package var pageCount: UInt64 { disks.reduce(0) { $0 + $1.pageCount } }

    /// Bytes of blocks allocated: `tarn_store_bytes`.
    package var allocated: UInt64 { disks.reduce(0) { $0 + $1.allocated } }

    /// Bytes that all disks in use may hold together.
    package var capacity: UInt64 {
        disks.reduce(0) { $0 + ($1.isolatedBy == nil ? $1.capacity : 0) }
    }

    /// Pages found damaged since the start.
    package var badPageCount: UInt64 { disks.reduce(0) { $0 + $1.badPageCount } }

    /// Pages that could not be written since the start.
    package var failedWriteCount: UInt64 { disks.reduce(0) { $0 + $1.failedWriteCount } }

    /// Bytes evicted since the start for one reason.
    package func evictedBytes(_ reason: EvictionReason) -> UInt64 {
        disks.reduce(0) { $0 + $1.evictedBytes(reason) }
    }
}
