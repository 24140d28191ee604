// SPDX-License-Identifier: Apache-2.0
package import Primitives

/// Answers where a byte of a file belongs and where it is.
package protocol PageLocator: Sendable {
    /// Owners of the page that holds `offset`, and which workers have it cached.
    ///
    /// `offset` need not lie within the file; nothing is fetched from the origin.
    func locate(_ path: ByteString, offset: UInt64) async throws(FileError) -> PageLocation
}

/// The answer of `/v1/locate` and `ring explain`.
package struct PageLocation: Sendable, Hashable {
    package let path: ByteString
    package let offset: UInt64
    package let unit: UInt32
    package let hash: UInt64
    package let epoch: RingEpoch
    /// Names in order of preference.
    package let owners: [String]
    /// Names of owners by earlier epochs that are not settled yet.
    package let previousOwners: [String]
    /// Names of workers that answered that they hold the page.
    package let cachedOn: [String]

    package init(
        path: ByteString,
        offset: UInt64,
        unit: UInt32,
        hash: UInt64,
        epoch: RingEpoch,
        owners: [String],
        previousOwners: [String],
        cachedOn: [String]
    ) {
        self.path = path
        self.offset = offset
        self.unit = unit
        self.hash = hash
        self.epoch = epoch
        self.owners = owners
        self.previousOwners = previousOwners
        self.cachedOn = cachedOn
    }
}
