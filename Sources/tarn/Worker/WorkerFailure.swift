// SPDX-License-Identifier: Apache-2.0

import Coordination
import HTTPAPI
import LogStorage
import PageStorage
import PageTransport
import PeerTransport

/// Why a worker could not start, and what it exits with.
enum WorkerFailure: Error, CustomStringConvertible {
    case dataDirectory(DataDirectoryError)
    case membership(MembershipStoreError)
    case http(HTTPServerError)
    case pages(PageServerError)
    case peers(PeerServer.ListenError)
    case cache(PageStoreError)
    case refused(String)
    case unknownGroup(String)

    var exitStatus: Int32 {
        switch self {
        case .dataDirectory(.io): 1
        case .dataDirectory: 4
        case .membership(let error): error.isRefusal ? 4 : 1
        case .http, .pages, .peers: 1
        case .cache(let error): error.isRefusal ? 4 : 1
        case .refused: 4
        case .unknownGroup: 64
        }
    }

    var description: String {
        switch self {
        case .dataDirectory(let error): "\(error)"
        case .membership(let error): "\(error)"
        case .http(let error): "\(error)"
        case .pages(let error): "\(error)"
        case .peers(let error): "\(error)"
        case .cache(let error): "\(error)"
        case .refused(let reason): reason
        case .unknownGroup(let name): "socket-group: '\(name)' is no group of this machine"
        }
    }
}
