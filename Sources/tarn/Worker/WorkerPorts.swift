// SPDX-License-Identifier: Apache-2.0

import CatalogCore
import Coordination
import Glibc
import HTTPAPI
import NIOCore
import PageTransport
import PeerTransport
import Primitives
import Settings
import SystemIO
import SystemPackage

/// Every listener of a worker, bound.
struct WorkerPorts {
    let peers: PeerServer
    /// The peers' port once more, for datagrams.
    let gossip: DatagramSocket
    let pages: PageServer
    let http: HTTPServer

    /// Binds all, or fails with the first that cannot be.
    static func bind(
        _ settings: WorkerSettings,
        group: any EventLoopGroup,
        peerGroup: any EventLoopGroup,
        store: StoreID,
        peers: any PeerRequestHandler,
        pages: any PageRequestHandler,
        identity: @escaping @Sendable () -> PageServerIdentity?,
        http: HTTPDependencies
    ) async throws(WorkerFailure) -> Self {
        let listen = settings.listen
        let peerServer: PeerServer
        let gossip: DatagramSocket
        do throws(PeerServer.ListenError) {
            peerServer = try await PeerServer.bind(
                host: listen.peer.host,
                port: Int(listen.peer.port),
                group: peerGroup,
                handler: peers,
                limits: .coordination
            )
            gossip = try await DatagramSocket.bind(
                host: listen.peer.host,
                port: peerServer.localAddress?.port ?? Int(listen.peer.port),
                group: peerGroup
            )
        } catch {
            throw .peers(error)
        }
        let pageServer = try await bindPages(settings, group, store, pages, identity)
        do throws(HTTPServerError) {
            let httpServer = try await HTTPServer.bind(
                host: listen.http.host,
                port: Int(listen.http.port),
                dependencies: http,
                group: group,
                near: peerGroup.any()
            )
            return WorkerPorts(
                peers: peerServer,
                gossip: gossip,
                pages: pageServer,
                http: httpServer
            )
        } catch {
            throw .http(error)
        }
    }

    private static func bindPages(
        _ settings: WorkerSettings,
        _ group: any EventLoopGroup,
        _ store: StoreID,
        _ handler: any PageRequestHandler,
        _ identity: @escaping @Sendable () -> PageServerIdentity?
    ) async throws(WorkerFailure) -> PageServer {
        let socket = settings.dataSocketPath(store: store.description)
        if settings.dataSocket == nil, settings.canWriteRun {
            try? Directory.create("/run/tarn", existing: .isFine)  // Else binding says why not.
        }
        let socketGroup = try socketGroup(settings)
        do throws(PageServerError) {
            return try await PageServer.start(
                group: group,
                listening: [
                    .tcp(host: settings.listen.data.host, port: settings.listen.data.port),
                    .unix(path: socket),
                ],
                socketGroup: socketGroup,
                identity: identity,
                handler: handler
            )
        } catch {
            throw .pages(error)
        }
    }

    /// The id of the group that may open the data socket.
    ///
    /// That there is one was checked with the settings; it may have gone since.
    private static func socketGroup(
        _ settings: WorkerSettings
    ) throws(WorkerFailure) -> UInt32? {
        guard let name = settings.socketGroup else { return nil }
        // Safe because nobody else asks for groups now: the entry stands until the next question.
        guard let entry = unsafe getgrnam(name) else { throw .unknownGroup(name) }
        return unsafe entry.pointee.gr_gid
    }

    /// What others are told: real ports, and the host they can reach.
    func addresses(_ settings: WorkerSettings) -> WorkerAddresses {
        func advertised(_ host: String, _ port: Int?) -> String {
            let bound = HostPort(host: host, port: UInt16(clamping: port ?? 0))
            return settings.advertised(bound).description
        }
        var dataPort: UInt16?
        var socket: String?
        for address in pages.addresses {
            switch address {
            case .tcp(_, let port): dataPort = port
            case .unix(let path): socket = path
            }
        }
        return WorkerAddresses(
            http: advertised(settings.listen.http.host, http.port),
            s3: nil,
            data: advertised(settings.listen.data.host, dataPort.map(Int.init)),
            peer: advertised(settings.listen.peer.host, peers.localAddress?.port),
            socket: socket
        )
    }
}
