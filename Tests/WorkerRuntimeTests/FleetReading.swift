// SPDX-License-Identifier: Apache-2.0
import ClientRuntime
import Codecs
import NIOCore
import PageStorage
import PageTransport
import PlacementCore
import Primitives
import Telemetry
import TestKit
import WorkerRuntime

/// What tests read and compare at a ``Fleet``.
extension Fleet {
    /// The owners of a page by a ring of these members, by the rules that every worker follows.
    static func owners(
        of key: ByteString,
        unit: UInt32 = 0,
        among members: [UInt64],
        count: Int = 3
    ) -> [UInt64] {
        let ring = Ring(
            epoch: RingEpoch(1),
            members: members.map {
                RingMember(id: NodeID($0), zone: "z\($0)", capacity: 1 << 37)
            }
        )
        let placement = PlacementKey(origin: OriginID(1), key: "p/" + key, unit: unit)
        return ring.owners(of: placement.hash, count: count).map(\.rawValue)
    }

    /// The first of the names `f0`, `f1`, … whose first owners before and after a change are these.
    static func name(
        ownedBy before: UInt64,
        of members: [UInt64],
        then after: UInt64,
        of successors: [UInt64]
    ) -> ByteString {
        for number in 0..<100_000 {
            let name = ByteString("f\(number)")
            if owners(of: name, among: members).first == before,
                owners(of: name, among: successors).first == after
            {
                return name
            }
        }
        preconditionFailure("no page moves from \(before) to \(after)")
    }

    /// Bytes of a page of a file of this fleet's, the same each time.
    ///
    /// Blocks of 4 KiB with their number in front: cheap also without optimisation.
    static func content(of name: ByteString, byteCount: Int, page: UInt32 = 0) -> [UInt8] {
        let start = Int(page) * pageBytes
        var random = SplitMix64(seed: XXH64.hash(name.bytes) &+ UInt64(page))
        var block = (0..<4_096).map { _ in UInt8(truncatingIfNeeded: random.next()) }
        var bytes: [UInt8] = []
        let count = min(pageBytes, byteCount - start)
        bytes.reserveCapacity(count + block.count)
        while bytes.count < count {
            block[0] = UInt8(truncatingIfNeeded: bytes.count >> 12)
            bytes += block
        }
        bytes.removeLast(bytes.count - count)
        return bytes
    }

    func put(_ name: ByteString, byteCount: Int) {
        let pageCount = PageGeometry(byteCount: UInt64(byteCount))?.pageCount ?? 0
        let bytes = (0..<pageCount).flatMap {
            Self.content(of: name, byteCount: byteCount, page: $0)
        }
        origin.put("p/" + name, bytes)
    }

    static func request(
        _ name: ByteString,
        byteCount: Int,
        page: UInt32 = 0,
        epoch: UInt64 = 1,
        mode: PageReadRequest.Mode = .read,
        readAhead: UInt64 = 0
    ) -> PageReadRequest {
        let whole = PageGeometry(byteCount: UInt64(byteCount))?.byteCount(ofPage: page) ?? 0
        return PageReadRequest(
            mode: mode,
            epoch: RingEpoch(epoch),
            region: region,
            mount: mount,
            origin: OriginID(1),
            key: "p/" + name,
            version: "v1",
            objectByteCount: UInt64(byteCount),
            modifiedUnixNS: 1_000,
            page: page,
            range: 0..<UInt32(whole),
            readAhead: readAhead
        )
    }

    static func object(_ name: ByteString, byteCount: Int) -> ObjectIdentity {
        ObjectIdentity(
            origin: OriginID(1),
            key: "p/" + name,
            version: "v1",
            byteCount: UInt64(byteCount)
        )
    }

    /// Whether a reply carries the right bytes of a page.
    static func isRight(
        _ reply: PageReply,
        _ name: ByteString,
        byteCount: Int,
        page: UInt32 = 0
    ) -> Bool {
        reply.bytes == content(of: name, byteCount: byteCount, page: page)
    }
}

extension FleetWorker {
    /// Reads a whole page here, and waits until it has been dealt with; the source, where it is right.
    @discardableResult
    func read(
        _ name: ByteString,
        byteCount: Int,
        page: UInt32 = 0,
        epoch: UInt64 = 1,
        readAhead: UInt64 = 0
    ) async -> PageSource? {
        let reply = await pages.read(
            Fleet.request(
                name,
                byteCount: byteCount,
                page: page,
                epoch: epoch,
                readAhead: readAhead
            )
        )
        _ = await eventually { pages.fetching == 0 }
        guard case .page(_, _, let source, _) = reply,
            Fleet.isRight(reply, name, byteCount: byteCount, page: page)
        else { return nil }
        return source
    }

    func holds(_ name: ByteString, byteCount: Int, page: UInt32 = 0) -> Bool {
        store.contains(Fleet.object(name, byteCount: byteCount), page: page)
    }

    var misses: [String: UInt64] {
        let reasons = [
            "cold", "evicted", "stale", "not-admitted", "worker-down", "ring-moved",
        ]
        let counts = reasons.map { counter(.cacheMisses, Fleet.mount.text, $0) }
        return Dictionary(uniqueKeysWithValues: zip(reasons, counts)).filter { $0.value > 0 }
    }
}
