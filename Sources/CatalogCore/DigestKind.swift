// SPDX-License-Identifier: Apache-2.0

import Primitives

/// What an entry of the digest is, so that equal bytes of two kinds do not cancel out.
enum DigestKind: UInt8 {
    case cluster = 1
    case worker = 2
    case ring = 3
    case mount = 4
    case origin = 5
    case repetition = 6
    case retiredStore = 7
    case credential = 8
    case job = 9
    case handoff = 10

    /// The first of a patrol's round.
    static var first: Self { .cluster }

    /// The one that a patrol turns to behind this.
    var next: Self? { Self(rawValue: rawValue + 1) }

    func hash(_ bytes: [UInt8]) -> UInt64 { XXH64.hash(bytes, seed: UInt64(rawValue)) }

    func hash(_ write: (inout ByteWriter) -> Void) -> UInt64 {
        var writer = ByteWriter(reservingCapacity: 512)
        write(&writer)
        return hash(writer.bytes)
    }
}
