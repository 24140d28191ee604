// SPDX-License-Identifier: Apache-2.0
import CatalogCore
import Codecs
import Glibc
import GossipCore
package import PeerTransport
import Primitives
import SystemIO

/// Keeps gossip going beside everything else: who exists, where, what to say of ourselves.
extension CoordinationNode {
    private static var upkeepPause: Duration { .milliseconds(250) }
    /// Names are asked for again after so many rounds.
    private static var roundsPerResolution: Int { 120 }
    private static var exchangeTimeout: Duration { .milliseconds(1_500) }
    private static var exchangesAtOnce: Int { 32 }

    /// Gossips from membership on until cancelled.
    func keepGossiping() async {
        guard let (cluster, node) = await untilJoined(), gossip.isListening else { return }
        gossip.begin(core(of: node), in: cluster)
        reportGossip()
        await withDiscardingTaskGroup { group in
            group.addTask { await self.keepGossipInformed() }
            group.addTask { await self.resolveMembers() }
            group.addTask { await self.exchangeGossip() }
        }
        gossip.end()
    }

    private func core(of node: NodeID) -> Gossip {
        Gossip(
            me: node,
            incarnation: settings.startedAtUnixMS,
            settings: GossipSettings(),
            seed: (try? SystemEntropy.seed()) ?? settings.now() ^ node.rawValue
        )
    }

    /// Tells it of the catalog's changes and of this worker's own.
    private func keepGossipInformed() async {
        var told: (revision: Revision, members: [GossipMember])?
        while !Task.isCancelled {
            if let (cluster, node) = joined, !gossip.runs(as: node, in: cluster) {
                gossip.begin(core(of: node), in: cluster)  // It went over to another cluster.
                told = nil
            }
            let catalog = replica.catalog
            if catalog.revision != told?.revision {
                let members = Self.gossipMembers(of: catalog)
                if members != told?.members { gossip.give(.members(members)) }
                told = (catalog.revision, members)
            }
            gossip.give(.facts(gossipFacts(catalog)))
            try? await Task.sleep(for: Self.upkeepPause)
        }
    }

    /// Everybody whom the catalog names and has not removed.
    private static func gossipMembers(of catalog: Catalog) -> [GossipMember] {
        catalog.workers.filter { $0.state != .removed }.map { worker in
            GossipMember(node: worker.id, region: XXH64.hash(Array(worker.region.utf8)))
        }
    }

    private func gossipFacts(_ catalog: Catalog) -> GossipFacts {
        let ring = catalog.rings.first { $0.region == registration.region }
        let used = settings.load().usedBytes
        let capacity = max(1, settings.capacity)
        let share = min(used, capacity).multipliedFullWidth(by: 1000)
        return GossipFacts(
            ringEpoch: ring?.epoch ?? .zero,
            revision: catalog.revision,
            load: Self.processorLoad,
            fill: UInt16(clamping: capacity.dividingFullWidth(share).quotient)
        )
    }

    /// Runnable threads of the machine for each of its processors over a minute, in thousandths.
    private static var processorLoad: UInt16 {
        var average = 0.0
        // Safe because one number is asked for, and there is room for one.
        guard unsafe getloadavg(&average, 1) == 1 else { return 0 }
        let processors = max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
        return UInt16(clamping: Int(average * 1000) / processors)
    }

    /// Resolves the names of members, each now and then; numbers need none of it.
    private func resolveMembers() async {
        var round = 0
        while !Task.isCancelled {
            for worker in replica.catalog.workers where worker.id != membership.node {
                guard let address = book.address(of: worker.id),
                    DatagramSocket.numeric(address) == nil,
                    round % Self.roundsPerResolution == 0 || !gossip.isResolved(address)
                else { continue }
                let place = await DatagramSocket.resolve(address)
                gossip.resolved(address, to: place)
            }
            round += 1
            try? await Task.sleep(for: Self.upkeepPause)
        }
    }

    /// Asks over connections what datagrams did not answer or cannot hold.
    private func exchangeGossip() async {
        await withTaskGroup(of: Void.self) { group in
            var running = 0
            for await (packet, node) in gossip.exchanges {
                if running >= Self.exchangesAtOnce {
                    await group.next()
                    running -= 1
                }
                running += 1
                group.addTask { await self.exchange(packet, with: node) }
            }
        }
    }

    private func exchange(_ packet: GossipPacket, with node: NodeID) async {
        guard let address = book.address(of: node),
            let reply = try? await peers.request(
                PeerMethod.gossip.rawValue,
                packet.encode(),
                to: address,
                timeout: Self.exchangeTimeout
            ), !reply.isEmpty
        else { return }
        _ = try? gossip.received(exchange: reply)  // Nothing, if it is none.
    }

    /// What another member asks over a connection.
    func answerGossip(_ body: [UInt8], from remote: PeerHello) throws(PeerFailure) -> [UInt8] {
        try requireMember(remote)
        do throws(DatagramSeal.Rejection) {
            return try gossip.received(exchange: body)
        } catch {
            throw .because(.badRequest, "no gossip packet")
        }
    }

    /// Nobody listens there any more.
    package func refused(at address: PeerAddress) {
        let node = replica.catalog.workers.first { book.address(of: $0.id) == address }?.id
        if let node, node != membership.node { gossip.refused(node) }
    }

    /// What is thought of another worker: by gossip where it runs, else by its own answers.
    func liveness(of node: NodeID) -> WorkerHealth.Liveness {
        switch gossip.memberState(of: node) {
        case .alive: .alive
        case .suspect: .suspect
        case .dead, .left: .dead
        case nil: health.liveness(of: node)
        }
    }

    private func reportGossip() {
        metrics.report(
            members: { [weak gossip] in gossip?.views ?? [] },
            dropped: { [weak gossip] in gossip?.dropped ?? [] }
        )
    }
}
