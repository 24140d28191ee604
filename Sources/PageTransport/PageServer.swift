// SPDX-License-Identifier: Apache-2.0
import Codecs
import Glibc
package import NIOCore
import NIOPosix
package import Primitives
import SystemIO

/// Why a page server could not listen.
package enum PageServerError: Error, Sendable, Equatable {
    /// Another process answers on this socket or port.
    case addressInUse(PageAddress)
    /// Something that is no socket has the path of the socket.
    case notASocket(PageAddress)
    /// The kernel said no; why.
    case cannotListen(PageAddress, String)
}

/// Who a worker is, for its clients.
package struct PageServerIdentity: Sendable, Hashable {
    package let cluster: ClusterID
    package let node: NodeID
    package let name: String
    /// Clusters that this one goes on from: their clients are served as well.
    package let ancestors: [ClusterID]

    package init(cluster: ClusterID, node: NodeID, name: String, ancestors: [ClusterID] = []) {
        self.cluster = cluster
        self.node = node
        self.name = name
        self.ancestors = ancestors
    }
}

/// Serves pages on TCP and on unix sockets.
package final class PageServer: Sendable {
    private let channels: [any Channel]
    private let children: ConnectionRegistry
    private let counters: PageServerCounters
    /// Where it listens, in the order asked for; a port 0 was replaced by the real one.
    package let addresses: [PageAddress]

    private init(
        channels: [any Channel],
        children: ConnectionRegistry,
        counters: PageServerCounters,
        addresses: [PageAddress]
    ) {
        self.channels = channels
        self.children = children
        self.counters = counters
        self.addresses = addresses
    }

    package var statistics: PageServerStatistics { counters.statistics }

    /// Listens on every address, or on none.
    ///
    /// The file of a unix socket that nobody listens on any more is replaced; its directory must
    /// exist. It gets mode 0660 and `socketGroup`, a group id; `nil` leaves it the process's own.
    ///
    /// `identity` is asked at each connection; while it is `nil`, before the worker has joined a
    /// cluster, connections are closed at once.
    package static func start(
        group: any EventLoopGroup,
        listening addresses: [PageAddress],
        socketGroup: UInt32? = nil,
        identity: @escaping @Sendable () -> PageServerIdentity?,
        handler: any PageRequestHandler,
        limits: PageServerLimits = .standard
    ) async throws(PageServerError) -> PageServer {
        let (children, counters) = (ConnectionRegistry(), PageServerCounters())
        // One for each address: it keeps the options that only TCP has.
        func bootstrap() -> ServerBootstrap {
            ServerBootstrap(group: group)
                .serverChannelOption(.backlog, value: 256)
                .childChannelOption(.maxMessagesPerRead, value: 4)
                .childChannelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        guard let identity = identity() else { throw ChannelError.inputClosed }
                        let welcome = PageServerWelcome(
                            cluster: identity.cluster,
                            node: identity.node,
                            name: identity.name
                        )
                        children.insert(channel)
                        try channel.pipeline.syncOperations.addHandler(
                            PageServerHandler(
                                welcome: welcome,
                                ancestors: identity.ancestors,
                                limits: limits,
                                counters: counters,
                                requestHandler: handler
                            )
                        )
                    }
                }
        }
        var channels: [any Channel] = []
        for address in addresses {
            do throws(PageServerError) {
                channels.append(try await listen(at: address, socketGroup, bootstrap(), group))
            } catch {
                for channel in channels { try? await channel.close() }
                throw error
            }
        }
        return PageServer(
            channels: channels,
            children: children,
            counters: counters,
            addresses: zip(addresses, channels).map(Self.actual)
        )
    }

    /// Stops listening, closes every connection and removes the files of unix sockets.
    package func stop() async {
        for channel in channels { try? await channel.close() }
        await children.closeAll()
        for case .unix(let path) in addresses { unsafe _ = unlink(path) }
    }

    // MARK: - Private parts

    private static func listen(
        at address: PageAddress,
        _ socketGroup: UInt32?,
        _ bootstrap: ServerBootstrap,
        _ group: any EventLoopGroup
    ) async throws(PageServerError) -> any Channel {
        do {
            switch address {
            case .tcp(let host, let port):
                return
                    try await TCPLiveness.options
                    .reduce(bootstrap) { $0.childChannelOption($1.option, value: $1.value) }
                    .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
                    .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
                    .bind(host: host, port: Int(port)).get()
            case .unix(let path):
                try await clearStaleSocket(path, in: group)
                let socket = try UnixSocketFile.bind(path, group: socketGroup)
                return try await bootstrap.withBoundSocket(socket).get()
            }
        } catch let error as PageServerError {
            throw error
        } catch let error as IOError where error.errnoCode == EADDRINUSE {
            throw .addressInUse(address)
        } catch {
            throw .cannotListen(address, "\(error)")
        }
    }

    /// Removes the file of a socket that nobody listens on.
    private static func clearStaleSocket(
        _ path: String,
        in group: any EventLoopGroup
    ) async throws {
        var status = stat()
        guard unsafe lstat(path, &status) == 0 else { return }
        guard status.st_mode & S_IFMT == S_IFSOCK else {
            throw PageServerError.notASocket(.unix(path: path))
        }
        let other = try? await ClientBootstrap(group: group)
            .connectTimeout(.milliseconds(500))
            .connect(unixDomainSocketPath: path).get()
        if let other {
            try? await other.close()
            throw PageServerError.addressInUse(.unix(path: path))
        }
        unsafe _ = unlink(path)
    }

    private static func actual(_ asked: PageAddress, _ channel: any Channel) -> PageAddress {
        guard case .tcp(let host, _) = asked, let port = channel.localAddress?.port else {
            return asked
        }
        return .tcp(host: host, port: UInt16(clamping: port))
    }
}
