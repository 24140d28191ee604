// SPDX-License-Identifier: Apache-2.0

import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import NIOPosix
import Settings

/// Carries one call to one address; decides nothing about retries.
struct HTTPTransport: Sendable {
    /// What became of one attempt that brought no answer.
    enum Loss: Error, Sendable {
        /// Nothing was sent: refused, no route, no such host, or no connection in time.
        case unreachable(String)
        /// It may have been received.
        case broken(String)
        case timedOut

        /// The reason in words.
        var text: String {
            switch self {
            case .unreachable(let reason), .broken(let reason): reason
            case .timedOut: "no answer in time"
            }
        }
    }

    let client: HTTPClient

    /// A worker that accepts no connection for this long is as good as gone, and others may answer.
    private static let connectLimit = TimeAmount.seconds(3)

    /// - Parameter silence: The longest pause between two pieces of an answer.
    init(silence: Duration) {
        var configuration = HTTPClient.Configuration(
            redirectConfiguration: .disallow,
            timeout: .init(connect: Self.connectLimit, read: TimeAmount(silence)),
            decompression: .disabled
        )
        configuration.httpVersion = .http1Only
        // Else a refused connection is tried again until the time is over, instead of the next address.
        configuration.connectionPool.retryConnectionEstablishment = false
        client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }

    /// Sends the call and returns as soon as the head of the answer is there.
    func send(
        _ call: APICall,
        to address: HostPort,
        deadline: NIODeadline
    ) async throws(Loss) -> HTTPClientResponse {
        var request = HTTPClientRequest(url: "http://\(address)\(call.target)")
        request.method = call.method
        for (name, value) in call.headers { request.headers.add(name: name, value: value) }
        if let body = call.body {
            request.headers.add(name: "Content-Type", value: call.contentType)
            request.body = .bytes(body)
        }
        do {
            return try await client.execute(request, deadline: deadline)
        } catch {
            throw Self.loss(error)
        }
    }

    /// Reads an answer's body up to a bound.
    func collect(
        _ response: HTTPClientResponse,
        upTo byteLimit: Int
    ) async throws(Loss) -> ByteBuffer {
        do {
            return try await response.body.collect(upTo: byteLimit)
        } catch {
            throw Self.loss(error)
        }
    }

    /// What an error of the client means for the call.
    static func loss(_ error: any Error) -> Loss {
        if let error = error as? HTTPClientError {
            switch error {
            case .connectTimeout, .getConnectionFromPoolTimeout:
                return .unreachable(
                    "no connection within \(Self.connectLimit.nanoseconds / 1_000_000_000) s"
                )
            case .deadlineExceeded, .readTimeout, .writeTimeout, .cancelled:
                return .timedOut
            default:
                return .broken(error.shortDescription)
            }
        }
        if let error = error as? NIOConnectionError {
            let isResolved = error.dnsAError == nil && error.dnsAAAAError == nil
            return .unreachable(isResolved ? "connection refused" : "host not found")
        }
        if let error = error as? IOError {
            return error.errnoCode == ECONNREFUSED
                ? .unreachable("connection refused") : .broken("connection broken")
        }
        return .broken("connection broken")
    }
}
