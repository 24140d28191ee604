// SPDX-License-Identifier: Apache-2.0
package import APIModel
package import CatalogCore
import PlacementCore
import Primitives

extension RingDocument {
    /// A region's ring with the part of all units that each member owns first.
    package init(_ entry: RingEntry) {
        self.init(
            region: entry.region,
            epoch: entry.epoch.rawValue,
            settled: entry.previous.isEmpty,
            workers: RingWorkerDocument.list(entry.members, epoch: entry.epoch),
            previous: entry.previous.map { previous in
                PreviousRingDocument(
                    epoch: previous.epoch.rawValue,
                    workers: RingWorkerDocument.list(previous.members, epoch: previous.epoch)
                )
            },
            heldFor: entry.members.filter { entry.heldFor.contains($0.id) }.map(\.name),
            modRevision: entry.modRevision.rawValue
        )
    }
}

extension RingWorkerDocument {
    fileprivate static func list(_ members: [RingEntry.Member], epoch: RingEpoch) -> [Self] {
        let sorted = members.sorted { $0.id < $1.id }
        let ring = Ring(
            epoch: epoch,
            members: sorted.map { RingMember(id: $0.id, zone: $0.zone, capacity: $0.capacity) }
        )
        return zip(zip(sorted, ring.members), ring.shares).map { pair, share in
            RingWorkerDocument(
                name: pair.0.name,
                id: pair.0.id.rawValue,
                zone: pair.0.zone,
                capacity: pair.0.capacity,
                vnodes: Int(pair.1.pointCount),
                share: Double(share) / 100
            )
        }
    }
}
