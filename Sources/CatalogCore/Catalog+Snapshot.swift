// SPDX-License-Identifier: Apache-2.0

package import Primitives

extension Catalog {
    /// Newest format of a snapshot: its first byte.
    package static let snapshotVersion: UInt8 = 2

    /// Everything the catalog holds, for a file or a follower; the caller adds a checksum.
    ///
    /// Format 2: version, counters and time, cluster, workers by name, rings by region, origins, mounts
    /// by path, remembered outcomes oldest first, retired stores, past revisions of mounts,
    /// credentials by name, jobs, reports of handoff, ``stateDigest``. Format 1 had none of the last
    /// six. O(size).
    package func encodeSnapshot() -> [UInt8] {
        var writer = ByteWriter(reservingCapacity: Self.roomForSnapshot)
        writer.write(Self.snapshotVersion)
        writer.write(revision.rawValue)
        writer.write(elapsedMS)
        writer.write(clusterRevision.rawValue)
        writer.write(nextNode)
        writer.write(optional: cluster) { $1.write(to: &$0) }
        writer.write(list: workers) { $1.write(to: &$0) }
        writer.write(list: rings) { $1.write(to: &$0) }
        write(originsTo: &writer)
        writer.write(UInt32(mountTable.count))
        mountTable.forEach { $0.value.write(to: &writer) }
        write(repetitionsTo: &writer)
        writer.write(list: retiredStores.values) { $1.write(to: &$0) }
        write(mountHistoryTo: &writer)
        writer.write(list: credentialTable.values) { $1.write(to: &$0) }
        writer.write(list: jobs.values) { $1.write(to: &$0) }
        writer.write(list: handoffReports.values) { $1.write(to: &$0) }
        writer.write(stateDigest)
        return writer.bytes
    }

    /// Reads what ``encodeSnapshot()`` wrote, from bytes that nobody vouches for.
    ///
    /// The result has the digest of the catalog that was written, so what its writer's memory had
    /// changed is not taken over.
    /// - Throws: ``ByteDecodingError``, `.unsupportedVersion` for a newer format.
    package init(
        decodingSnapshot bytes: [UInt8],
        repetitionLimit: Int = CatalogLimits.repetitionCount,
        mountHistoryByteLimit: Int = CatalogLimits.mountHistoryByteCount
    ) throws(ByteDecodingError) {
        self.init(
            repetitionLimit: repetitionLimit,
            mountHistoryByteLimit: mountHistoryByteLimit
        )
        var reader = ByteReader(bytes)
        let version = try reader.version(
            of: "catalog snapshot",
            newest: UInt64(Self.snapshotVersion)
        )
        revision = Revision(try reader.counter("revision"))
        elapsedMS = try reader.counter("elapsed time")
        let clusterRevision = Revision(try reader.counter("revision"))
        nextNode = try reader.counter("node id")
        let cluster = try reader.optional(ClusterEntry.init(from:))
        if let cluster { store(cluster, at: clusterRevision) }
        try readWorkers(from: &reader)
        try readRings(from: &reader)
        try readOrigins(from: &reader)
        try readMounts(from: &reader)
        try readRepetitions(from: &reader)
        if version >= 2 {
            try readRetiredStores(from: &reader)
            try readMountHistory(from: &reader)
            try readCredentials(from: &reader)
            try readJobs(from: &reader)
            try readReports(from: &reader)
            try checkDigest(from: &reader)
        }
        try reader.finish()
    }

    // MARK: - Writing

    private func write(originsTo writer: inout ByteWriter) {
        writer.write(origins.nextID)
        writer.write(UInt32(origins.count))
        origins.ids.forEach { element in
            writer.write(element.key.canonical)
            writer.write(element.value.rawValue)
        }
    }

    private func write(repetitionsTo writer: inout ByteWriter) {
        writer.write(repetitions.nextSequence)
        writer.write(UInt32(repetitions.count))
        repetitions.forEachInOrder { key, record in
            writer.write(key)
            writer.write(record.fingerprint)
            writer.write(record.atMS)
            record.outcome.write(to: &writer)
        }
    }

    private func write(mountHistoryTo writer: inout ByteWriter) {
        writer.write(mountHistory.horizon.rawValue)
        writer.write(UInt32(mountHistory.records.count))
        mountHistory.records.forEach { writer.write($0.value.bytes) }
    }

    // MARK: - Reading

    private mutating func readWorkers(from reader: inout ByteReader) throws(ByteDecodingError) {
        for worker in try reader.list(WorkerEntry.init(from:)) {
            guard worker.id.rawValue < nextNode, self.worker(id: worker.id) == nil,
                self.worker(store: worker.store) == nil, self.worker(named: worker.name) == nil
            else { throw .invalid(what: "worker with node id", value: worker.id.rawValue) }
            store(worker)
        }
    }

    private mutating func readRetiredStores(
        from reader: inout ByteReader
    ) throws(ByteDecodingError) {
        for retired in try reader.list(RetiredStore.init(from:)) {
            guard retired.node.rawValue < nextNode, retiredStores[retired.store.key] == nil,
                worker(store: retired.store) == nil
            else { throw .invalid(what: "retired store of node", value: retired.node.rawValue) }
            store(retired)
        }
    }

    private mutating func readRings(from reader: inout ByteReader) throws(ByteDecodingError) {
        for ring in try reader.list(RingEntry.init(from:)) {
            guard self.ring(region: ring.region) == nil else {
                throw .invalid(what: "second ring of a region, epoch", value: ring.epoch.rawValue)
            }
            store(ring)
        }
    }

    private mutating func readOrigins(from reader: inout ByteReader) throws(ByteDecodingError) {
        let nextID = try reader.counter("origin id")
        var ids = OrderedMap<OriginIdentity, OriginID>()
        for _ in 0..<(try reader.integer(UInt32.self)) {
            let identity = OriginIdentity(canonical: try reader.byteString())
            let id = OriginID(try reader.integer())
            guard id.rawValue >= 1, id.rawValue < nextID, ids.set(identity, id) == nil else {
                throw .invalid(what: "origin id", value: id.rawValue)
            }
            noteOrigin(identity, id)
        }
        origins = OriginTable(ids: ids, nextID: nextID)
    }

    private mutating func readMounts(from reader: inout ByteReader) throws(ByteDecodingError) {
        for _ in 0..<(try reader.integer(UInt32.self)) {
            let entry = try MountEntry(from: &reader)
            guard mountTable[entry.path] == nil else {
                throw .invalid(what: "second mount of a path", value: entry.modRevision.rawValue)
            }
            store(entry)
        }
    }

    private mutating func readRepetitions(
        from reader: inout ByteReader
    ) throws(ByteDecodingError) {
        let nextSequence = try reader.counter("sequence")
        let count = UInt64(try reader.integer(UInt32.self))
        guard count < nextSequence else { throw .invalid(what: "outcome count", value: count) }
        repetitions = RepetitionTable(
            nextSequence: nextSequence - count,
            countLimit: repetitions.countLimit,
            byteLimit: repetitions.byteLimit
        )
        for _ in 0..<count {
            let idempotency = Idempotency(
                key: try reader.text(),
                fingerprint: try reader.integer()
            )
            guard repetitions[idempotency.key] == nil else {
                throw .invalid(what: "second outcome of a key", value: idempotency.fingerprint)
            }
            let atMS = try reader.counter("elapsed time")
            let outcome = try CatalogOutcome(from: &reader)
            remember(idempotency, outcome, atMS: atMS)
        }
    }

    private mutating func readMountHistory(
        from reader: inout ByteReader
    ) throws(ByteDecodingError) {
        mountHistory = MountHistory(
            byteLimit: mountHistory.byteLimit,
            horizon: Revision(try reader.counter("revision"))
        )
        var last = mountHistory.horizon
        for _ in 0..<(try reader.integer(UInt32.self)) {
            let (record, made) = try MountHistory.Record.reading(try reader.run())
            guard made > last, made <= revision else {
                throw .invalid(what: "order of past revisions", value: made.rawValue)
            }
            mountHistory.insert(record, at: made)
            last = made
        }
    }

    private mutating func readCredentials(
        from reader: inout ByteReader
    ) throws(ByteDecodingError) {
        for credential in try reader.list(StoredCredential.init(from:)) {
            let entry = credential.entry
            guard self.credential(named: entry.name) == nil, !credential.bytes.isEmpty else {
                throw .invalid(what: "credential of revision", value: entry.modRevision.rawValue)
            }
            store(credential)
        }
    }

    private mutating func readJobs(from reader: inout ByteReader) throws(ByteDecodingError) {
        for job in try reader.list(JobEntry.init(from:)) {
            guard self.job(id: job.id) == nil, job.modRevision <= revision else {
                throw .invalid(what: "job", value: job.modRevision.rawValue)
            }
            store(job)
        }
    }

    private mutating func readReports(from reader: inout ByteReader) throws(ByteDecodingError) {
        for report in try reader.list(HandoffReport.init(from:)) {
            guard worker(id: report.node) != nil, handoffReports[report.node] == nil else {
                throw .invalid(what: "report of node", value: report.node.rawValue)
            }
            storeReport(report)
        }
    }

    /// What was read must add up to what its writer had.
    private func checkDigest(from reader: inout ByteReader) throws(ByteDecodingError) {
        let written = try reader.integer(UInt64.self)
        guard written == stateDigest else {
            throw .invalid(what: "catalog snapshot, whose digest says", value: written)
        }
    }
}
