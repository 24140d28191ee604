// SPDX-License-Identifier: Apache-2.0

import ClientRuntime
import NIOCore
import PageTransport
import Primitives
import Settings
import WorkerRuntime

/// What this worker asks of the others to take their pages over.
extension Worker {
    /// Connections of their own: readers wait behind these lookups, and neither for pages that move nor
    /// for a silent worker as long as a reader without another choice would.
    func peers(_ cluster: ClusterID, _ node: NodeID) -> PagePeers {
        var limits = PageClientLimits.standard
        limits.silence = .seconds(1)
        let client = PageClient(
            group: group,
            cluster: cluster,
            name: settings.name,
            limits: limits
        )
        return PagePeers(
            me: node,
            router: reading.router,
            asking: RemoteAsking(client: client) { _ in false },
            suspects: reading.suspects
        )
    }
}
