// SPDX-License-Identifier: Apache-2.0

import CChecksum

/// CRC-32C (Castagnoli): the checksum of every page, log record and frame.
///
/// Test vector: the ASCII digits "123456789" give `0xE3069283`.
/// - Source: RFC 3720, appendix B.4.
package enum CRC32C {
    /// The checksum of `bytes`, going on from `seed`: `checksum(a + b) = checksum(b, after: checksum(a))`.
    package static func checksum(_ bytes: [UInt8], after seed: UInt32 = 0) -> UInt32 {
        unsafe bytes.withUnsafeBytes { unsafe checksum($0, after: seed) }
    }

    package static func checksum(_ bytes: ArraySlice<UInt8>, after seed: UInt32 = 0) -> UInt32 {
        unsafe bytes.withUnsafeBytes { unsafe checksum($0, after: seed) }
    }

    package static func checksum(
        _ bytes: UnsafeRawBufferPointer,
        after seed: UInt32 = 0
    ) -> UInt32 {
        // Safe because the callee reads exactly `count` bytes and keeps nothing.
        unsafe cchecksum_crc32c(seed, bytes.baseAddress, bytes.count)
    }
}
