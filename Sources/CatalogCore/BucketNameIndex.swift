// SPDX-License-Identifier: Apache-2.0

import Primitives

/// Which mounts answer to which bucket name at the S3 gateway.
///
/// A name given by option belongs to one mount alone. Mounts that are named by their last component
/// may share a name: `/eu/train` and `/us/train` are ordinary, and refusing one would make every
/// mount's path everybody's business.
///
/// Derived from the mount table; neither in the snapshot nor in the digest.
struct BucketNameIndex: Sendable {
    /// `name NUL path`: all claims of one name lie side by side.
    private var claims = OrderedMap<ByteString, Bool>()

    /// Another mount because of which `path` cannot have this name.
    func obstacle(to name: ByteString, isExplicit: Bool, for path: ByteString) -> ByteString? {
        let prefix = name + ByteString([0])
        var obstacle: ByteString?
        claims.forEach(from: prefix) { claim in
            guard claim.key.hasPrefix(prefix) else { return false }
            let holder = claim.key.dropFirst(prefix.count)
            // An explicit claim is the only one of its name, so two looks are enough.
            guard holder != path else { return true }
            if isExplicit || claim.value { obstacle = holder }
            return false
        }
        return obstacle
    }

    mutating func insert(_ name: ByteString, isExplicit: Bool, path: ByteString) {
        claims.set(name + ByteString([0]) + path, isExplicit)
    }

    mutating func remove(_ name: ByteString, path: ByteString) {
        claims.remove(name + ByteString([0]) + path)
    }
}
