// SPDX-License-Identifier: Apache-2.0

/// Bounds of the catalog: together they keep it within the memory planned for it.
package enum CatalogLimits {
    package static let mountCount = 100_000
    package static let workerCount = 20_000
    /// Distinct origins ever mounted; their ids are kept so that a page's key never changes meaning.
    package static let originCount = 1_000_000
    /// Path and settings of one mount, encoded.
    package static let mountByteCount = 64 << 10
    package static let pathByteCount = 1024
    /// The longest name that POSIX file systems show.
    package static let componentByteCount = 255
    package static let regionsPerMount = 64
    package static let optionByteCount = 4096
    package static let replicas: ClosedRange<UInt8> = 1...8
    /// Member lists kept behind a ring's current one.
    package static let previousRings = 4
    /// Outcomes remembered for repetitions.
    package static let repetitionCount = 100_000
    /// Encoded bytes of remembered outcomes; binds before the count only above 1.3 KiB an outcome.
    package static let repetitionByteCount = 128 << 20
}
