// SPDX-License-Identifier: Apache-2.0
import NIOCore
import Synchronization

/// Which event loop serves a connection.
///
/// ```
///   accepted ──▶ near: where consensus runs ──no room, or a long call──▶ one of the others, for good
/// ```
///
/// A write, a linearizable read or a watch that is served where consensus runs wakes no other thread on
/// its way there and back. What streams files stays away: it would hold heartbeats up, and be bound to
/// one core. So do connections beyond the limit: a change is told to every watch of a loop before the
/// loop turns to anything else.
final class ConnectionLoops: Sendable {
    private let near: (any EventLoop)?
    private let nearLimit: Int
    private let others: any EventLoopGroup
    private let nearCount = Atomic(0)

    /// At most `nearLimit` connections at a time are served on `near`; `nil`: none.
    init(near: (any EventLoop)?, limit nearLimit: Int, others: any EventLoopGroup) {
        self.near = near
        self.nearLimit = nearLimit
        self.others = others
    }

    /// Where a new connection begins.
    enum Beginning { case near, noRoomNear, elsewhere }

    /// Counts a new connection that stays near until it closes.
    func begin(_ channel: any Channel) -> Beginning {
        guard let near, channel.eventLoop === near else { return .elsewhere }
        // Asked on the near loop alone.
        guard nearConnections < nearLimit else { return .noRoomNear }
        nearCount.add(1, ordering: .relaxed)
        channel.closeFuture.whenComplete { [self] _ in nearCount.subtract(1, ordering: .relaxed) }
        return .near
    }

    /// Connections that are served near now.
    var nearConnections: Int { nearCount.load(ordering: .relaxed) }

    /// Where connections are accepted: a bootstrap takes no group but NIO's own.
    var accepting: any EventLoopGroup { near ?? others }

    /// Where a connection goes that may not stay near.
    func away() -> any EventLoop { others.next() }

    var all: [any EventLoop] { (near.map { [$0] } ?? []) + Array(others.makeIterator()) }
}
