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
        if let reason = reasons.first, reasons.count == others.count { refuse(reason) }
    }
}
