// SPDX-License-Identifier: Apache-2.0
import Codecs
import NIOCore
import NIOPosix
import Synchronization
import SystemIO

/// One connection, or an attempt at one, and how many calls use it.
final class PageConnection: Sendable {
    /// What there is once the hello was answered.
    struct Open: Sendable {
        let handler: NIOLoopBound<PageClientHandler>
        let welcome: PageServerWelcome
        let closed: EventLoopFuture<Void>
    }

    let opening: EventLoopFuture<Open>
    private let callCount = Atomic<Int>(0)

    init(opening: EventLoopFuture<Open>) { self.opening = opening }

    var load: Int { callCount.load(ordering: .relaxed) }

    func begin() { callCount.add(1, ordering: .relaxed) }

    func finish() { callCount.subtract(1, ordering: .relaxed) }
}

/// The connections of a client, a few to each worker; those that ended are forgotten.
final class PageConnectionPool: Sendable {
    private struct Table {
        var connections: [PageAddress: [PageConnection]] = [:]
        var channels: [ObjectIdentifier: any Channel] = [:]
        var isClosed = false
    }

    private let group: any EventLoopGroup
    private let hello: PageClientHello
    private let limits: PageClientLimits
    private let table = Mutex(Table())

    init(group: any EventLoopGroup, hello: PageClientHello, limits: PageClientLimits) {
        self.group = group
        self.hello = hello
        self.limits = limits
    }

    /// The connection for one more call: an idle one, a new one, or the least busy.
    ///
    /// - Returns: `nil` once the pool was closed.
    func connection(to address: PageAddress) -> PageConnection? {
        let found: (connection: PageConnection, isNew: Bool)? = table.withLock { table in
            guard !table.isClosed else { return nil }
            let existing = table.connections[address] ?? []
            let calmest = existing.min { $0.load < $1.load }
            if let calmest, calmest.load == 0 || existing.count >= limits.connectionCount {
                calmest.begin()
                return (calmest, false)
            }
            let connection = PageConnection(opening: connect(to: address))
            table.connections[address] = existing + [connection]
            connection.begin()
            return (connection, true)
        }
        // Outside of the lock: a future that has failed already calls back at once.
        if let found, found.isNew { watch(found.connection, to: address) }
        return found?.connection
    }

    func close() async {
        let channels = table.withLock { table in
            table.isClosed = true
            table.connections = [:]
            return Array(table.channels.values)
        }
        for channel in channels { try? await channel.close() }
    }

    // MARK: - Private parts

    private func watch(_ connection: PageConnection, to address: PageAddress) {
        connection.opening.whenComplete { result in
            switch result {
            case .failure: self.remove(connection, to: address)
            case .success(let open):
                open.closed.whenComplete { _ in self.remove(connection, to: address) }
            }
        }
    }

    private func remove(_ connection: PageConnection, to address: PageAddress) {
        table.withLock { table in
            table.connections[address]?.removeAll { $0 === connection }
            if table.connections[address]?.isEmpty == true { table.connections[address] = nil }
        }
    }

    private func connect(to address: PageAddress) -> EventLoopFuture<PageConnection.Open> {
        let (hello, limits) = (hello, limits)
        let eventLoop = group.next()
        // Kept here and not asked of the channel: a refusal may end that before anybody could ask. A
        // name with two addresses makes two attempts.
        let handlers = AttemptedHandlers()
        let bootstrap = ClientBootstrap(group: eventLoop)
            .connectTimeout(limits.connectTimeout)
            .channelOption(
                .recvAllocator,
                value: AdaptiveRecvByteBufferAllocator(
                    minimum: 4 << 10,
                    initial: 64 << 10,
                    maximum: 1 << 20
                )
            )
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let handler = PageClientHandler(
                        hello: hello,
                        limits: limits,
                        opened: channel.eventLoop.makePromise()
                    )
                    handlers.note(handler, of: channel)
                    try channel.pipeline.syncOperations.addHandler(handler)
                }
            }
        let connected =
            switch address {
            case .unix(let path): bootstrap.connect(unixDomainSocketPath: path)
            case .tcp(let host, let port):
                TCPLiveness.options
                    .reduce(bootstrap) { $0.channelOption($1.option, value: $1.value) }
                    .channelOption(.tcpOption(.tcp_nodelay), value: 1)
                    .connect(host: host, port: Int(port))
            }
        return connected.flatMapErrorThrowing { error in
            throw PageClientError.unreachable("\(error)")
        }.flatMap { channel in self.open(channel, handlers.handler(of: channel)) }
    }

    /// Waits for the answer to the hello.
    private func open(
        _ channel: any Channel,
        _ handler: NIOLoopBound<PageClientHandler>?
    ) -> EventLoopFuture<PageConnection.Open> {
        register(channel)
        return channel.eventLoop.flatSubmit {
            guard let handler else {
                return channel.eventLoop.makeFailedFuture(PageClientError.disconnected)
            }
            return handler.value.opened.futureResult.map { welcome in
                PageConnection.Open(
                    handler: handler,
                    welcome: welcome,
                    closed: channel.closeFuture
                )
            }
        }
    }

    /// Remembers a channel until it ends, so that ``close()`` can end it.
    private func register(_ channel: any Channel) {
        let id = ObjectIdentifier(channel)
        let isLate = table.withLock { table in
            if !table.isClosed { table.channels[id] = channel }
            return table.isClosed
        }
        if isLate { channel.close(promise: nil) }
        channel.closeFuture.whenComplete { _ in
            self.table.withLock { _ = $0.channels.removeValue(forKey: id) }
        }
    }
}

/// The handlers of the channels that one attempt to connect has made.
private final class AttemptedHandlers: Sendable {
    private let handlers = Mutex<[ObjectIdentifier: NIOLoopBound<PageClientHandler>]>([:])

    /// On the channel's event loop.
    func note(_ handler: PageClientHandler, of channel: any Channel) {
        let bound = NIOLoopBound(handler, eventLoop: channel.eventLoop)
        handlers.withLock { $0[ObjectIdentifier(channel)] = bound }
    }

    func handler(of channel: any Channel) -> NIOLoopBound<PageClientHandler>? {
        handlers.withLock { $0[ObjectIdentifier(channel)] }
    }
}
