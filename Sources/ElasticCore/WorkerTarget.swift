// SPDX-License-Identifier: Apache-2.0
package import CatalogCore
package import Primitives

/// One worker as the catalog describes it.
package struct WorkerTarget: Hashable, Sendable {
    package let node: NodeID
    package let name: String
    /// Where it serves pages, `host:port`.
    package let data: String
    /// The unix socket on its host, which may be this one.
    package let socket: String?

    package init(node: NodeID, name: String, data: String, socket: String?) {
        self.node = node
        self.name = name
        self.data = data
        self.socket = socket
    }
}

extension WorkerTarget {
    package init(_ worker: WorkerEntry) {
        self.init(
            node: worker.id,
            name: worker.name,
            data: worker.addresses.data,
            socket: worker.addresses.socket
        )
    }
}
