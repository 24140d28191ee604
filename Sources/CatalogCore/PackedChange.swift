// SPDX-License-Identifier: Apache-2.0

import Primitives

/// One change as the bytes it is written with: a tenth of the memory of the entry and its strings.
///
/// A history keeps 100,000 of them, and few are ever read.
struct PackedChange: Sendable {
    let revision: Revision
    /// Key, kind of the value, value.
    private let bytes: [UInt8]
    /// More of the same revision follow.
    private let hasMore: Bool

    /// What ``bytes`` says behind the key; never leaves the process.
    private enum Kind: UInt8 { case gone, cluster, mount, worker, ring, credential, job }

    init(_ change: CatalogChange) {
        var writer = ByteWriter(reservingCapacity: 256)
        writer.write(change.key)
        switch change.value {
        case nil:
            writer.write(Kind.gone.rawValue)
        case .cluster(let cluster):
            writer.write(Kind.cluster.rawValue)
            cluster.write(to: &writer)
        case .mount(let entry):
            writer.write(Kind.mount.rawValue)
            entry.write(to: &writer)
        case .worker(let worker):
            writer.write(Kind.worker.rawValue)
            worker.write(to: &writer)
        case .ring(let ring):
            writer.write(Kind.ring.rawValue)
            ring.write(to: &writer)
        case .credential(let entry):
            writer.write(Kind.credential.rawValue)
            entry.write(to: &writer)
        case .job(let job):
            writer.write(Kind.job.rawValue)
            job.write(to: &writer)
        }
        revision = change.revision
        hasMore = change.hasMore
        bytes = writer.exactBytes
    }

    /// Of key and value.
    var byteCount: Int { bytes.count }

    /// The change; `nil` where memory has changed its bytes.
    var change: CatalogChange? {
        var reader = ByteReader(bytes)
        guard let key = try? reader.byteString(), let value = try? Self.value(from: &reader),
            reader.byteCountLeft == 0
        else { return nil }
        return CatalogChange(revision: revision, key: key, value: value.value, hasMore: hasMore)
    }

    /// In a pair, because the value of a key that is gone is `nil` itself.
    private static func value(
        from reader: inout ByteReader
    ) throws(ByteDecodingError) -> (value: CatalogValue?, kind: Kind) {
        let kind: Kind = try reader.tag("kind of a change")
        switch kind {
        case .gone: return (nil, kind)
        case .cluster: return (.cluster(try ClusterEntry(from: &reader)), kind)
        case .mount: return (.mount(try MountEntry(from: &reader)), kind)
        case .worker: return (.worker(try WorkerEntry(from: &reader)), kind)
        case .ring: return (.ring(try RingEntry(from: &reader)), kind)
        case .credential: return (.credential(try CredentialEntry(from: &reader)), kind)
        case .job: return (.job(try JobEntry(from: &reader)), kind)
        }
    }
}
