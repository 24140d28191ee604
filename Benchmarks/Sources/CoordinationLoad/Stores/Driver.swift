// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import NIOCore
import NIOPosix

enum StoreKind: String, ExpressibleByArgument, CaseIterable { case etcd, tarn }

/// The one event loop that drives a store, and the connections on it.
///
/// The same loop, the same sockets, the same closed loops for both stores; only the wire differs.
struct Driver {
    let kind: StoreKind
    let members: [Member]
    let loop: any EventLoop

    /// Runs `body` on a loop of its own until it is done.
    static func run<Result: Sendable>(
        _ kind: StoreKind,
        _ members: [Member],
        _ body: @escaping @Sendable (Driver, @escaping (Result) -> Void) -> Void
    ) throws -> Result {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let loop = group.next()
        let promise = loop.makePromise(of: Result.self)
        loop.execute {
            body(Driver(kind: kind, members: members, loop: loop)) { promise.succeed($0) }
        }
        let result = try promise.futureResult.wait()
        try group.syncShutdownGracefully()
        return result
    }

    /// Opens a session; `nil` where nobody listens.
    func connect(to member: Member, _ done: @escaping ((any Session)?) -> Void) {
        let kind = kind
        ClientBootstrap(group: loop)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .connectTimeout(.seconds(2))
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    switch kind {
                    case .etcd: try channel.pipeline.syncOperations.addHandler(GRPCConnection())
                    case .tarn: try channel.pipeline.syncOperations.addHandler(HTTP1Connection())
                    }
                }
            }
            .connect(host: member.host, port: member.port)
            .assumeIsolated()
            .whenComplete { result in
                guard case .success(let channel) = result else { return done(nil) }
                done(session(on: channel, to: member))
            }
    }

    private func session(on channel: any Channel, to member: Member) -> (any Session)? {
        let handlers = channel.pipeline.syncOperations
        switch kind {
        case .etcd:
            return (try? handlers.handler(type: GRPCConnection.self))
                .map { EtcdSession($0, to: member) }
        case .tarn:
            return (try? handlers.handler(type: HTTP1Connection.self))
                .map { TarnSession($0, to: member) }
        }
    }

    /// One session to each of `targets`, in their order; `nil` where one fails.
    func connectAll(to targets: [Member], _ done: @escaping ([any Session]?) -> Void) {
        var open: [any Session] = []
        func next() {
            guard open.count < targets.count else { return done(open) }
            connect(to: targets[open.count]) { session in
                guard let session else { return done(nil) }
                open.append(session)
                next()
            }
        }
        next()
    }

    func after(_ delay: TimeAmount, _ body: @escaping () -> Void) {
        _ = loop.assumeIsolated().scheduleTask(in: delay) { body() }
    }

    /// The member that leads, as any member that answers says; asked until one does.
    func leader(_ done: @escaping (Member) -> Void) {
        var turn = 0
        func ask() {
            let asked = members[turn % members.count]
            turn += 1
            connect(to: asked) { session in
                guard let session else { return after(.milliseconds(50), ask) }
                session.perform(.leader) { outcome in
                    session.close()
                    guard case .answered(let name) = outcome,
                        let leader = members.first(where: { $0.name == String(buffer: name) })
                    else { return after(.milliseconds(50), ask) }
                    done(leader)
                }
            }
        }
        ask()
    }
}
