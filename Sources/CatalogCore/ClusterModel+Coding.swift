// SPDX-License-Identifier: Apache-2.0

import Primitives

// Byte forms of cluster, workers and rings, format 1; see CatalogModel+Coding.swift.

extension ClusterEntry {
    func write(to writer: inout ByteWriter) {
        writer.write(id.rawValue)
        writer.write(generation)
        writer.write(survival.rawValue)
        writer.write(timing.rawValue)
        writer.write(featureLevel)
        writer.write(list: voters) { $0.write($1.rawValue) }
        writer.write(voterCount)
        writer.write(list: wishes) { $1.write(to: &$0) }
        writer.write(list: lineage) { $1.write(to: &$0) }
        handoff.write(to: &writer)
    }

    init(from reader: inout ByteReader) throws(ByteDecodingError) {
        self.init(
            id: ClusterID(try reader.uniqueID()),
            generation: try reader.counter("generation"),
            survival: try reader.tag("survival"),
            timing: try reader.tag("timing"),
            featureLevel: try reader.integer(),
            voters: try reader.list { (reader) throws(ByteDecodingError) in
                NodeID(try reader.counter("node id"))
            },
            voterCount: try VotingChange.voterCount(from: &reader),
            wishes: try reader.list(VoteWish.init(from:)),
            lineage: try reader.list(ClusterAncestor.init(from:)),
            handoff: try HandoffSettings(from: &reader)
        )
        guard lineage.count <= Self.longestLineage else {
            throw .invalid(what: "lineage of clusters", value: UInt64(lineage.count))
        }
    }
}

extension VoteWish {
    func write(to writer: inout ByteWriter) {
        writer.write(node.rawValue)
        writer.write(kind.rawValue)
    }

    init(from reader: inout ByteReader) throws(ByteDecodingError) {
        self.init(
            node: NodeID(try reader.counter("node id")),
            kind: try reader.tag("wish about a vote")
        )
    }
}

extension VotingChange {
    /// Reads how many are to vote, 0 for as many as the goal takes.
    static func voterCount(from reader: inout ByteReader) throws(ByteDecodingError) -> UInt8 {
        let count = try reader.integer(UInt8.self)
        guard count == 0 || voterCounts.contains(count) else {
            throw .invalid(what: "number of voters", value: UInt64(count))
        }
        return count
    }
}

extension WorkerAddresses {
    func write(to writer: inout ByteWriter) {
        writer.write(http)
        writer.write(optional: s3) { $0.write($1) }
        writer.write(data)
        writer.write(peer)
        writer.write(optional: socket) { $0.write($1) }
    }

    init(from reader: inout ByteReader) throws(ByteDecodingError) {
        self.init(
            http: try reader.text(),
            s3: try reader.optional { (reader) throws(ByteDecodingError) in try reader.text() },
            data: try reader.text(),
            peer: try reader.text(),
            socket: try reader.optional { (reader) throws(ByteDecodingError) in try reader.text() }
        )
    }
}

extension WorkerEntry {
    func write(to writer: inout ByteWriter) {
        writer.write(id.rawValue)
        writer.write(store.rawValue)
        writer.write(name)
        writer.write(region)
        writer.write(zone)
        writer.write(state.rawValue)
        addresses.write(to: &writer)
        writer.write(capacity)
        writer.write(version)
        writer.write(startedAtUnixMS)
        writer.write(sinceMS)
        writer.write(isSilent)
        writer.write(drainRate)
        writer.write(modRevision.rawValue)
    }

    init(from reader: inout ByteReader) throws(ByteDecodingError) {
        self.init(
            id: NodeID(try reader.counter("node id")),
            store: StoreID(try reader.uniqueID()),
            name: try reader.text(),
            region: try reader.text(),
            zone: try reader.text(),
            state: try reader.tag("worker state"),
            addresses: try WorkerAddresses(from: &reader),
            capacity: try reader.integer(),
            version: try reader.text(),
            startedAtUnixMS: try reader.integer(),
            sinceMS: try reader.counter("elapsed time"),
            isSilent: try reader.flag(),
            drainRate: try reader.counter("rate"),
            modRevision: Revision(try reader.counter("revision"))
        )
    }
}

extension RingEntry {
    func write(to writer: inout ByteWriter) {
        writer.write(region)
        writer.write(epoch.rawValue)
        writer.write(list: members) { $1.write(to: &$0) }
        writer.write(list: previous) { writer, ring in
            writer.write(ring.epoch.rawValue)
            writer.write(list: ring.members) { $1.write(to: &$0) }
        }
        writer.write(list: heldFor) { $0.write($1.rawValue) }
        writer.write(modRevision.rawValue)
    }

    init(from reader: inout ByteReader) throws(ByteDecodingError) {
        self.init(
            region: try reader.text(),
            epoch: RingEpoch(try reader.counter("epoch")),
            members: try reader.list(Member.init(from:)),
            previous: try reader.list { (reader) throws(ByteDecodingError) in
                PreviousRing(
                    epoch: RingEpoch(try reader.counter("epoch")),
                    members: try reader.list(Member.init(from:))
                )
            },
            heldFor: try reader.list { (reader) throws(ByteDecodingError) in
                NodeID(try reader.counter("node id"))
            },
            modRevision: Revision(try reader.counter("revision"))
        )
    }
}

extension RingEntry.Member {
    fileprivate func write(to writer: inout ByteWriter) {
        writer.write(id.rawValue)
        writer.write(name)
        writer.write(zone)
        writer.write(capacity)
    }

    fileprivate init(from reader: inout ByteReader) throws(ByteDecodingError) {
        self.init(
            id: NodeID(try reader.counter("node id")),
            name: try reader.text(),
            zone: try reader.text(),
            capacity: try reader.integer()
        )
    }
}
