// SPDX-License-Identifier: Apache-2.0
package import AsyncHTTPClient
import NIOCore

/// How the HTTP client that origins share must be set up.
package enum OriginHTTPClient {
    /// - Parameters:
    ///   - connect: For the connection and TLS handshake of one try.
    ///   - idle: Longest time without a byte of the answer, per try.
    ///   - connectionsPerHost: At least the budget of the origins of that host; AsyncHTTPClient's own
    ///     default of 8 would make a second, hidden queue.
    package static func configuration(
        connect: Duration = .seconds(3),
        idle: Duration = .seconds(10),
        connectionsPerHost: Int = 64
    ) -> HTTPClient.Configuration {
        var configuration = HTTPClient.Configuration(
            redirectConfiguration: .disallow,  // A redirect names another region: said, not followed.
            timeout: .init(connect: TimeAmount(connect), read: TimeAmount(idle)),
            decompression: .disabled  // The bytes are the object, whatever they encode.
        )
        configuration.httpVersion = .http1Only
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = connectionsPerHost
        // Ours to retry: a refused connection must be counted, reported and bounded by the deadline.
        configuration.connectionPool.retryConnectionEstablishment = false
        return configuration
    }
}
