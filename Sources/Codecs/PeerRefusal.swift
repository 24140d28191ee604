// SPDX-License-Identifier: Apache-2.0

/// Why a connection between two workers is refused; sent before the connection is closed.
package struct PeerRefusal: Hashable, Sendable {
    /// The kind, for programs.
    ///
    /// A number this release does not know reads as ``other``.
    package enum Kind: UInt8, Sendable {
        case other = 0
        /// No protocol version in common.
        case version = 1
        /// Both are in a cluster, and not in the same one.
        case foreignCluster = 2
        /// The store is not the one that was admitted under this node id or name.
        case foreignStore = 3
        /// This worker was removed from the cluster.
        case removed = 4
        /// Too many connections.
        case overloaded = 5
    }

    package let kind: Kind
    /// One sentence for people: what is wrong, with both values, and what to do.
    package let reason: String

    /// A refusal; `reason` longer than 1,024 bytes is cut when sent.
    package init(_ kind: Kind, _ reason: String) {
        self.kind = kind
        self.reason = reason
    }
}

/// A request's failure as the called worker's handler put it; the meaning is the caller's layer's.
package struct PeerFailure: Error, Hashable, Sendable {
    /// Chosen by the layer above: 0...239.
    ///
    /// The transport itself answers ``busy`` and ``unhandled``.
    package let code: UInt8
    /// Whatever that layer wants said, often an encoded error.
    package let body: [UInt8]

    /// A failure with a code of the layer above.
    package init(code: UInt8, body: [UInt8] = []) {
        self.code = code
        self.body = body
    }

    /// Too many requests or streams of this connection are being worked on; it was not started.
    package static let busy: UInt8 = 255
    /// The deadline passed before the handler answered; it was cancelled, its effect is unknown.
    package static let expired: UInt8 = 254
    /// The answer was longer than a frame may be.
    package static let oversized: UInt8 = 253
    /// The method is not known here; nothing was done.
    package static let unhandled: UInt8 = 252
}
