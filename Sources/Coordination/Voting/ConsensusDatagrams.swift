// SPDX-License-Identifier: Apache-2.0
package import CatalogCore
package import Codecs
package import Primitives
package import RaftCore
import Synchronization

/// Seals and opens the datagrams of consensus, and counts what became of them.
///
/// What comes is hostile until its seal, its sender and its receiver are right: the seal is the
/// cluster's, the sender votes or learns by the log here or is a worker of the catalog, the receiver is
/// this worker with this store. The rest is dropped and counted, and says nothing in the log: anybody may
/// send it.
package final class ConsensusDatagrams: Sendable {
    /// What became of a datagram.
    package enum Outcome: String, Error, CaseIterable {
        /// A socket took it.
        case sent
        case taken
        /// Damaged, of another cluster, or no message that may come so.
        case unreadable
        /// The sender is none of those whom the log or the catalog names.
        case stranger
        /// For another worker, for the store that this one had, or where no consensus runs.
        case misdirected
    }

    private struct State {
        var seal: (cluster: ClusterID, seal: DatagramSeal)?
        var counts: [Outcome: UInt64] = [:]
        /// The last entry that each voter's connection was handed in this term while it lost packets.
        var handed: (term: Term, last: [NodeID: LogIndex]) = (.zero, [:])
    }

    private let state = Mutex(State())

    package init() {}

    /// Each outcome, and how often.
    package var counts: [(outcome: Outcome, count: UInt64)] {
        state.withLock { state in
            Outcome.allCases.map { ($0, state.counts[$0] ?? 0) }
        }
    }

    package func count(_ outcome: Outcome) {
        state.withLock { $0.counts[outcome, default: 0] += 1 }
    }

    /// The bytes of a message's datagrams, and whether the connection may be spared it; none for what is
    /// left to the connection.
    package func seal(
        _ message: RaftMessage,
        from sender: Voter,
        to receiver: Voter,
        in cluster: ClusterID
    ) -> (datagrams: [[UInt8]], suffice: Bool) {
        let (datagrams, suffice) = RaftDatagram.datagrams(of: message, from: sender, to: receiver)
        let seal = seal(of: cluster)
        return (datagrams.map { seal.seal($0.encode()) }, suffice)
    }

    /// Whether a connection that loses packets was handed all entries of this message before; if not, it
    /// is taken to be now.
    ///
    /// A question that overtakes entries is answered by asking for them again, and so is each one that
    /// follows, a heartbeat apart. A connection that waits must not get megabytes of the same each time.
    package func wereHanded(_ message: RaftMessage, to voter: Voter) -> Bool {
        guard case .append(let request) = message.body, !request.entries.isEmpty else {
            return false
        }
        return state.withLock { state in
            if state.handed.term != message.term { state.handed = (message.term, [:]) }
            let last = state.handed.last[voter.node] ?? .zero
            state.handed.last[voter.node] = max(last, request.lastIndex)
            return request.lastIndex <= last
        }
    }

    /// The message in a datagram, if it is for `me` and from one whom this worker knows.
    ///
    /// The log, which names `members`, names nobody at a worker that was just enlisted: who speaks to it
    /// is in its `catalog`.
    package func open(
        _ bytes: [UInt8],
        as me: Voter,
        of members: [Voter],
        or catalog: Catalog,
        in cluster: ClusterID
    ) throws(Outcome) -> RaftDatagram {
        guard let packet = try? seal(of: cluster).open(bytes),
            let datagram = try? RaftDatagram(decoding: packet)
        else { throw .unreadable }
        guard datagram.receiver == me else { throw .misdirected }
        let sender = datagram.sender
        let isKnown =
            members.contains(sender) || catalog.worker(id: sender.node)?.store == sender.store
        guard sender != me, isKnown else { throw .stranger }
        return datagram
    }

    private func seal(of cluster: ClusterID) -> DatagramSeal {
        state.withLock { state in
            if let known = state.seal, known.cluster == cluster { return known.seal }
            let seal = DatagramSeal(.consensus, cluster: cluster)
            state.seal = (cluster, seal)
            return seal
        }
    }
}
