// SPDX-License-Identifier: Apache-2.0
package import AsyncHTTPClient
import NIOCore

/// How the HTTP client that origins share must be set up.
package enum OriginHTTPClient {
    /// The client's configuration: HTTP/1.1, no redirects, no decompression, no retries of its own.
    ///
    /// `connect` bounds connection and TLS handshake of one try, `idle` the time without a byte of the
    /// answer. `connectionsPerHost` is at least the budget of one origin: AsyncHTTPClient's own default
    /// of 8 would make a second, hidden queue.
    package static func configuration(
        connect: Duration = .seconds(3),
        idle: Duration = .seconds(10),
        connectionsPerHost: Int = 64
    ) -> HTTPClient.Configuration {
        var configuration = HTTPClient.Configuration(
            redirectConfiguration: .disallow,  // It names another region: said, not followed.
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
