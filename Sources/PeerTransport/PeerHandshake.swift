// SPDX-License-Identifier: Apache-2.0
import Codecs

/// Decides whether the worker on the other end of a connection is one to talk to.
///
/// Pure; the handlers do the I/O. The transport's own checks come first (version, cluster), then
/// those of the layer above. A changed hello may only grow: a store stays itself, and a cluster and
/// a node id, once had, stay, unless the cluster goes on in another one.
///
/// Workers of a cluster and of one that goes on from it may talk, so that the first can go over; the
/// layer above lets neither change what the other's cluster holds.
struct PeerHandshake {
    private(set) var remote: PeerHello?

    enum Decision: Equatable {
        case accept(PeerHello)
        case refuse(PeerRefusal)
    }

    /// Judges a first or a changed hello.
    mutating func received(
        _ hello: PeerHello,
        own: PeerHello,
        accept: (PeerHello) -> PeerAdmission
    ) -> Decision {
        if let refusal = Self.refusal(of: hello, own: own) ?? changeRefusal(hello, own) {
            return .refuse(refusal)
        }
        switch accept(hello) {
        case .refused(let refusal): return .refuse(refusal)
        case .accepted:
            remote = hello
            return .accept(hello)
        }
    }

    private static func refusal(of hello: PeerHello, own: PeerHello) -> PeerRefusal? {
        guard own.commonVersion(with: hello) != nil else {
            return PeerRefusal(
                .version,
                "worker \(hello.name) speaks peer protocol \(text(hello.versions)), \(own.name) "
                    + "speaks \(text(own.versions)); upgrade the older one"
            )
        }
        let isKin = hello.succeeds(own) || own.succeeds(hello)
        if let ours = own.cluster, let theirs = hello.cluster, ours != theirs, !isKin {
            return PeerRefusal(
                .foreignCluster,
                "worker \(hello.name) belongs to cluster \(theirs), \(own.name) to \(ours); "
                    + "check the join addresses of both"
            )
        }
        return nil
    }

    private func changeRefusal(_ hello: PeerHello, _ own: PeerHello) -> PeerRefusal? {
        guard let remote else { return nil }
        // Who comes over may not have the new cluster's catalog yet, and with it its lineage.
        let comesOver = hello.cluster == own.cluster && own.succeeds(remote)
        if remote.store == hello.store, comesOver || hello.succeeds(remote) { return nil }
        let isSame =
            remote.store == hello.store
            && (remote.cluster == nil || remote.cluster == hello.cluster)
            && (remote.node == nil || remote.node == hello.node)
        if isSame { return nil }
        return PeerRefusal(
            .foreignStore,
            "worker \(remote.name) (store \(remote.store)) announced another identity "
                + "(store \(hello.store)) on an open connection"
        )
    }

    private static func text(_ versions: ClosedRange<UInt16>) -> String {
        "\(versions.lowerBound) to \(versions.upperBound)"
    }
}
