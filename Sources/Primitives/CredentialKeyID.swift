// SPDX-License-Identifier: Apache-2.0

/// Names the key that a credential is sealed with, and gives nothing of it away.
///
/// The first 64 bits of a hash of the key: enough to tell a few keys apart, and short enough to be read
/// out over a telephone.
package struct CredentialKeyID: Hashable, Comparable, Sendable, CustomStringConvertible {
    package let rawValue: UInt64

    package init(_ rawValue: UInt64) { self.rawValue = rawValue }

    /// 16 hex digits, as everything that people see writes it.
    package var description: String { hexText(rawValue) }

    package static func < (lhs: Self, rhs: Self) -> Bool { lhs.rawValue < rhs.rawValue }
}
