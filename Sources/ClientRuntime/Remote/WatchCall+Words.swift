// SPDX-License-Identifier: Apache-2.0
import AsyncHTTPClient
import NIOCore
import NIOPosix

extension WatchCall.End: CustomStringConvertible {
    /// The reason as people read it, in a log line and on a terminal.
    var description: String {
        switch self {
        case .lost(let reason): reason
        case .silent: "no word within \(WatchCall.silenceLimit.components.seconds) s"
        case .closed: "the worker ended the watch"
        case .compacted: "the history asked for is no longer kept"
        case .notInitialised: "the worker belongs to no cluster yet"
        case .refused(let answer): "answered \(answer)"
        case .garbage(let why): "the answer is not understood: \(why)"
        case .otherCluster(let cluster): "the worker belongs to another cluster, \(cluster)"
        }
    }
}

extension WatchCall {
    /// What an error of the HTTP client is called, without its type names.
    static func words(for error: any Error) -> String {
        switch error {
        case let error as HTTPClientError where error == .connectTimeout:
            "no connection in time"
        case let error as HTTPClientError:
            error.shortDescription
        case let error as NIOConnectionError:
            error.dnsAError == nil && error.dnsAAAAError == nil
                ? "connection refused" : "host not found"
        case let error as IOError where error.errnoCode == ECONNREFUSED:
            "connection refused"
        default:
            "connection broken"
        }
    }
}
