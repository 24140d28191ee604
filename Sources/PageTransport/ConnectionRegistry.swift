// SPDX-License-Identifier: Apache-2.0
import NIOCore
import Synchronization

/// The open connections of a server, so that it can end them.
final class ConnectionRegistry: Sendable {
    private struct Table {
        var channels: [ObjectIdentifier: any Channel] = [:]
        var isClosed = false
    }

    private let table = Mutex(Table())

    /// Adds a connection until it ends; one that comes after ``closeAll()`` is closed at once.
    func insert(_ channel: any Channel) {
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

    func closeAll() async {
        let channels = table.withLock { table in
            table.isClosed = true
            return Array(table.channels.values)
        }
        for channel in channels { try? await channel.close() }
    }
}
