// SPDX-License-Identifier: Apache-2.0
import CatalogCore
import Codecs
import Logging
import PeerTransport

/// A data directory that was started beside the wrong cluster.
extension CoordinationNode {
    /// Ends a member when every other address in `join` belongs to another cluster; looked at once.
    ///
    /// All of them, because one address that somebody else took over must not stop a whole cluster
    /// from starting. That one is logged.
    func refuseForeignNeighbours() async {
        guard membership.cluster != nil, let own = PeerAddress(registration.addresses.peer) else {
            return
        }
        let others = settings.join.filter { $0 != own }
        // A worker that is just starting may not know yet which cluster its own goes on from.
        guard await foreign(others).count == others.count, !others.isEmpty else { return }
        try? await Task.sleep(for: .seconds(2))
        let reasons = await foreign(others)
        if let reason = reasons.first, reasons.count == others.count { refuse(reason) }
    }

    /// Why these addresses are not of this worker's cluster, of those that are not.
    private func foreign(_ others: [PeerAddress]) async -> [String] {
        var reasons: [String] = []
        for address in others {
            do throws(PeerError) {
                _ = try await peers.probe(address, timeout: .seconds(1))
            } catch .refused(_, let refusal) where refusal.kind == .foreignCluster {
                reasons.append(refusal.reason)
                log.error(
                    "an address in 'join' belongs to another cluster",
                    metadata: ["peer.address": "\(address)", "reason": "\(refusal.reason)"]
                )
            } catch {
                continue  // Not up yet, perhaps.
            }
        }
        return reasons
    }
}
