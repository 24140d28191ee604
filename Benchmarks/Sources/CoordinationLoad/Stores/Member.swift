// SPDX-License-Identifier: Apache-2.0
import ArgumentParser

/// One member of the cluster under test.
struct Member: ExpressibleByArgument {
    /// As the cluster calls it: a worker's name, or an etcd member's id in hexadecimal.
    let name: String
    let host: String
    let port: Int
    /// Of the process that may be killed.
    let pid: Int32

    /// Reads `NAME=HOST:PORT/PID`.
    init?(argument: String) {
        let named = argument.split(separator: "=", maxSplits: 1)
        guard named.count == 2 else { return nil }
        let placed = named[1].split(separator: "/", maxSplits: 1)
        let address = placed[0].split(separator: ":", maxSplits: 1)
        guard placed.count == 2, address.count == 2,
            let port = Int(address[1]), let pid = Int32(placed[1]), pid > 0
        else { return nil }
        name = String(named[0])
        host = String(address[0])
        self.port = port
        self.pid = pid
    }
}
