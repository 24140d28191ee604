// SPDX-License-Identifier: Apache-2.0

/// Bounds of the catalog: together they keep it within the memory planned for it.
package enum CatalogLimits {
    /// Entries of the mount table.
    package static let mountCount = 100_000
    /// Workers ever admitted.
    package static let workerCount = 20_000
    /// Distinct origins ever mounted; their ids are kept so that a page's key never changes meaning.
    package static let originCount = 1_000_000
    /// Path and settings of one mount, encoded.
    package static let mountByteCount = 64 << 10
    /// A mount path, in bytes.
    package static let pathByteCount = 1024
    /// The longest name that POSIX file systems show.
    package static let componentByteCount = 255
    /// Overrides of one mount.
    package static let regionsPerMount = 64
    /// The value of one option, in bytes.
    package static let optionByteCount = 4096
    /// Workers of a region that hold each page.
    package static let replicas: ClosedRange<UInt8> = 1...8
    /// Past revisions kept of one mount path, its newest included.
    package static let revisionsPerMount = 100
    /// Bytes that the past revisions of all paths may take together.
    ///
    /// Their own, and ``mountRevisionOverhead`` each for what holds them: about 40,000 of everyday
    /// mounts.
    package static let mountHistoryByteCount = 16 << 20
    /// Bytes that a past revision counts for beside its own.
    package static let mountRevisionOverhead = 128
    /// Credentials that the cluster keeps.
    package static let credentialCount = 1_000
    /// A closed credential, in bytes.
    package static let credentialByteCount = 16 << 10
    /// Fields of a credential that have a value.
    package static let credentialFieldCount = 8
    /// Mounts that are named to whoever would take a credential from them.
    package static let namedUsers = 5
    /// Jobs kept, those under way included.
    package static let jobCount = 1_000
    /// Member lists kept behind a ring's current one.
    package static let previousRings = 4
    /// Outcomes remembered for repetitions, however old.
    package static let repetitionCount = 100_000
    /// How long each is remembered at least, however many there are.
    package static let repetitionMS: UInt64 = 600_000
    /// Encoded bytes of remembered outcomes; over it, keyed commands are refused until some may go.
    package static let repetitionByteCount = 128 << 20
}
