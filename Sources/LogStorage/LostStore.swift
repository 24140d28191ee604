// SPDX-License-Identifier: Apache-2.0
package import Primitives
package import RaftCore

/// A voter's store whose log can never be used again, and what has taken its place here.
///
/// Not a member of anything: its vote counts for nobody, its log lies aside for whoever wants to look.
/// In the identity file: cluster (16) · node (u64) · store (16) · finding (text) · quarantine (text).
package struct LostStore: Hashable, Sendable {
    /// The cluster it voted in, and the only one that this worker may join.
    package let cluster: ClusterID
    /// What the cluster knows this worker as until it has admitted the new store.
    package let voter: Voter
    /// What was wrong with its log.
    package let finding: RecoveryFinding
    /// Name of the directory in the data directory where its log was put.
    package let quarantine: String

    package init(
        cluster: ClusterID,
        voter: Voter,
        finding: RecoveryFinding,
        quarantine: String
    ) {
        self.cluster = cluster
        self.voter = voter
        self.finding = finding
        self.quarantine = quarantine
    }
}

extension LostStore: CustomStringConvertible {
    package var description: String {
        "store \(voter.store) of voter \(voter.node) of cluster \(cluster) was given up "
            + "(\(RecoveryRule.rule(for: finding).reason)); its log is in \(quarantine)"
    }
}

extension LostStore {
    func encode(into writer: inout ByteWriter) {
        writer.write(cluster.rawValue)
        writer.write(voter.node.rawValue)
        writer.write(voter.store.rawValue)
        writer.write(finding.rawValue)
        writer.write(quarantine)
    }

    init(from reader: inout ByteReader) throws(ByteDecodingError) {
        cluster = ClusterID(try reader.uniqueID())
        let node = NodeID(try reader.positive())
        voter = Voter(node: node, store: StoreID(try reader.uniqueID()))
        let word = try reader.text()
        guard let finding = RecoveryFinding(rawValue: word) else {
            throw .invalid(what: "finding", value: UInt64(word.utf8.count))
        }
        self.finding = finding
        quarantine = try reader.text()
        guard DataDirectory.isQuarantine(quarantine) else {
            throw .invalid(what: "name of a quarantine", value: UInt64(quarantine.utf8.count))
        }
    }
}
