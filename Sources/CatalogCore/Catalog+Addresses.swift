// SPDX-License-Identifier: Apache-2.0

package import Primitives

extension Catalog {
    /// The same catalog, at the same revision, with workers where they were last heard from.
    ///
    /// Addresses are opinions: a view for routing and for people, never applied to,
    /// encoded or compared with other replicas.
    package func located(_ heard: [(node: NodeID, addresses: WorkerAddresses)]) -> Catalog {
        var view = self
        for (node, addresses) in heard {
            guard let name = namesByID[node], var worker = workersByName[name] else { continue }
            worker.addresses = addresses
            _ = view.workersByName.set(name, worker)
        }
        return view
    }
}
