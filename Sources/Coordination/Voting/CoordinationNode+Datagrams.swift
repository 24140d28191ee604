// SPDX-License-Identifier: Apache-2.0
import Codecs
package import PeerTransport
import Primitives
import RaftCore

/// Consensus beside links that lose packets.
///
/// ```
///   heartbeats, reads, appends, votes, and their answers
///        ├─▶ the connection, in order
///        └─▶ datagrams instead, for votes as well, while the connection waits for the answer to what it
///            had to send again
/// ```
///
/// TCP delivers nothing behind a packet that is lost before that has arrived; with three packets in ten
/// lost that takes seconds now and then, and a heartbeat is worth nothing by then. A datagram arrives at
/// once or never, and consensus asks again with the next heartbeat; for votes it does not, so they go both
/// ways. While nothing is lost no datagram is sent. What the connection is spared makes it quicker for what
/// has no other way, such as writes that are handed to the leader: with fewer than four packets under way
/// TCP repeats them after the same short pause each time (`TCPRecovery`).
extension CoordinationNode {
    /// Takes the datagrams of this socket, gossip's and those of consensus.
    package func listen(on socket: DatagramSocket) {
        gossip.listen(on: socket)
        metrics.report(datagrams)
        socket.receive { [weak self] bytes, source in
            switch DatagramSeal.content(of: bytes) {
            case .consensus: self?.received(consensus: bytes)
            case .gossip, nil:
                // Counts what is neither.
                self?.gossip.received(bytes, from: source)
            }
        }
    }

    /// Sends a message of consensus in datagrams; whether the connection may be spared it.
    func sendBeside(_ message: RaftMessage, to voter: Voter, at address: PeerAddress) -> Bool {
        guard let (cluster, node) = joined, let place = gossip.place(of: address) else {
            return false
        }
        let sender = Voter(node: node, store: store.store)
        let (bytes, suffice) = datagrams.seal(message, from: sender, to: voter, in: cluster)
        let sentCount = bytes.count { gossip.send($0, to: place) }
        for _ in 0..<sentCount { datagrams.count(.sent) }
        return suffice && sentCount == bytes.count
    }

    private func received(consensus bytes: [UInt8]) {
        guard let driver, let (cluster, node) = joined else {
            return datagrams.count(.misdirected)
        }
        do throws(ConsensusDatagrams.Outcome) {
            let datagram = try datagrams.open(
                bytes,
                as: Voter(node: node, store: store.store),
                of: driver.state.voters.members,
                or: replica.catalog,
                in: cluster
            )
            datagrams.count(.taken)
            driver.received(datagram.message, from: datagram.sender)
        } catch {
            datagrams.count(error)
        }
    }
}
