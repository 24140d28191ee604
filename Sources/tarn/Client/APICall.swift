// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOHTTP1

/// One call of the HTTP API, not yet bound to an address.
struct APICall: Sendable {
    var method: HTTPMethod
    /// Path and query, percent-encoded.
    var target: String
    var headers: [(name: String, value: String)] = []
    var body: [UInt8]?
    var contentType = "application/json"
    /// Bytes of the longest answer that is taken.
    var bodyByteLimit = ClusterClient.bodyByteLimit
    /// Whether refused connections are tried again until the time is over, because the workers may be
    /// starting just now; the one that takes the call then has all the time, which it counts itself.
    var awaitsWorkers = false

    static func get(_ target: String) -> Self { Self(method: .GET, target: target) }

    var isWrite: Bool { method != .GET && method != .HEAD }
}

/// A complete answer with a status below 400.
struct APIAnswer: Sendable {
    let status: Int
    let headers: HTTPHeaders
    let body: ByteBuffer
    /// Who answered, `host:port`.
    let address: String
}
