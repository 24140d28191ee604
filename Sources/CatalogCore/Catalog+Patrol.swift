// SPDX-License-Identifier: Apache-2.0

import Primitives

/// Looking again at what is held, so that a bit that memory turned shows in ``Catalog/stateDigest``.
///
/// Covers every entry by the bytes it would be written with, and that it stands under its own key.
/// The indexes beside them (by id, by store, bucket names) are not: a wrong one shows by what it makes
/// a command do. Neither is what mounts were before: there may be a hundred times as much of it, nothing
/// but an answer about the past depends on it, and each record is compared with its hash when it is read.
extension Catalog {
    /// Entries that a patrol looks at, one in every ``patrolInterval`` commands.
    ///
    /// A changed bit shows within `entries / 2` commands, so within 1,024 where a catalog holds
    /// 2,000 entries, for less than a microsecond a command. Two with each command would cost twice
    /// that: each patrol has to find the place where the last one ended.
    static var patrolCount: Int { 32 }

    /// Commands from one patrol to the next.
    static var patrolInterval: UInt64 { 16 }

    /// How often a look at everything held found other bytes than were stored; never on sound memory.
    package var damageCount: UInt64 { digest.damageCount }

    /// Notes one command, and has a patrol look around when it is time.
    mutating func patrolIfDue() {
        if digest.isPatrolDue(each: Self.patrolInterval) { patrol(Self.patrolCount) }
    }

    /// Looks at the next entries, at most `count`, and begins a new round behind the last one.
    mutating func patrol(_ count: Int) {
        var left = count
        var kind = digest.covered?.kind ?? .first
        var last = digest.covered?.key
        while left > 0 {
            let found = entries(of: kind, behind: last, limit: left)
            for (key, hash) in found {
                digest.cover(.init(kind: kind, key: key), finding: hash)
            }
            left -= found.count
            guard left > 0 else { return }

            last = nil
            guard let next = kind.next else { return digest.endRound() }
            kind = next
        }
    }

    /// Looks at everything at once, O(size): afterwards ``stateDigest`` is that of the bytes held now.
    ///
    /// - Returns: Whether they are what was stored.
    @discardableResult
    package mutating func inspect() -> Bool {
        let before = digest.damageCount
        patrol(.max)  // The round under way…
        patrol(.max)  // …and a whole one.
        return digest.damageCount == before
    }

    /// Whether the bytes held now are those that were stored, O(size); nothing is changed.
    package var isIntact: Bool {
        var sum = cluster.map(hash(_:)) ?? 0
        workersByName.forEach { sum &+= hash($0.value, under: $0.key) }
        ringsByRegion.forEach { sum &+= hash($0.value, under: $0.key) }
        mountTable.forEach { sum &+= hash($0.value, under: $0.key) }
        origins.ids.forEach { sum &+= hash($0.key, $0.value) }
        repetitions.records.forEach { sum &+= $0.value.digest(of: $0.key) }
        retiredStores.forEach { sum &+= hash($0.value, under: $0.key) }
        credentialTable.forEach { sum &+= hash($0.value, under: $0.key) }
        jobs.forEach { sum &+= hash($0.value, under: $0.key) }
        handoffReports.forEach { sum &+= hash($0.value, under: $0.key) }
        return sum == digest.kept && mountHistory.isIntact
    }

    /// The next entries of one kind with their hashes.
    private func entries(
        of kind: DigestKind,
        behind last: ByteString?,
        limit: Int
    ) -> [(key: ByteString, hash: UInt64)] {
        switch kind {
        case .cluster:
            guard last == nil, let cluster else { return [] }
            return [(Self.clusterKey, hash(cluster))]
        case .worker:
            return workersByName.next(behind: last, limit: limit) { name, worker in
                (name, hash(worker, under: name))
            }
        case .ring:
            return ringsByRegion.next(behind: last, limit: limit) { region, ring in
                (region, hash(ring, under: region))
            }
        case .mount:
            return mountTable.next(behind: last, limit: limit) { path, mount in
                (path, hash(mount, under: path))
            }
        case .origin:
            let last = last.map(OriginIdentity.init(canonical:))
            return origins.ids.next(behind: last, limit: limit) { identity, id in
                (identity.canonical, hash(identity, id))
            }
        case .repetition:
            return repetitions.records.next(behind: last, limit: limit) { key, record in
                (key, record.digest(of: key))
            }
        case .retiredStore:
            return retiredStores.next(behind: last, limit: limit) { key, retired in
                (key, hash(retired, under: key))
            }
        case .credential:
            return credentialTable.next(behind: last, limit: limit) { name, credential in
                (name, hash(credential, under: name))
            }
        case .job:
            return jobs.next(behind: last, limit: limit) { id, job in (id, hash(job, under: id)) }
        case .handoff:
            let last = last.flatMap(NodeID.init(key:))
            return handoffReports.next(behind: last, limit: limit) { node, report in
                (node.key, hash(report, under: node))
            }
        }
    }
}

// MARK: - Hashes

extension Catalog {
    /// The key of the cluster entry in the patrol's round; there is only one.
    static var clusterKey: ByteString { ByteString() }

    func hash(_ cluster: ClusterEntry) -> UInt64 {
        DigestKind.cluster.hash { cluster.write(to: &$0) }
    }

    func hash(_ worker: WorkerEntry, under key: ByteString) -> UInt64 {
        DigestKind.worker.hash(isAtHome: key.isText(worker.name)) { worker.write(to: &$0) }
    }

    func hash(_ ring: RingEntry, under key: ByteString) -> UInt64 {
        DigestKind.ring.hash(isAtHome: key.isText(ring.region)) { ring.write(to: &$0) }
    }

    func hash(_ mount: MountEntry, under key: ByteString) -> UInt64 {
        DigestKind.mount.hash(isAtHome: key == mount.path) { mount.write(to: &$0) }
    }

    func hash(_ retired: RetiredStore, under key: ByteString) -> UInt64 {
        DigestKind.retiredStore.hash(isAtHome: key == retired.store.key) { retired.write(to: &$0) }
    }

    func hash(_ credential: StoredCredential, under key: ByteString) -> UInt64 {
        DigestKind.credential.hash(isAtHome: key.isText(credential.entry.name)) {
            credential.write(to: &$0)
        }
    }

    func hash(_ job: JobEntry, under key: ByteString) -> UInt64 {
        DigestKind.job.hash(isAtHome: key.isText(job.id)) { job.write(to: &$0) }
    }

    func hash(_ report: HandoffReport, under node: NodeID) -> UInt64 {
        DigestKind.handoff.hash(isAtHome: node == report.node) { report.write(to: &$0) }
    }

    func hash(_ identity: OriginIdentity, _ id: OriginID) -> UInt64 {
        DigestKind.origin.hash {
            $0.write(identity.canonical)
            $0.write(id.rawValue)
        }
    }
}

extension NodeID {
    /// What a patrol sorts by: the order of the numbers.
    var key: ByteString {
        var writer = ByteWriter(reservingCapacity: 8)
        writer.write(rawValue.bigEndian)
        return ByteString(writer.bytes)
    }

    fileprivate init?(key: ByteString) {
        var reader = ByteReader(Array(key.bytes))
        guard let value = try? reader.integer(UInt64.self) else { return nil }
        self.init(UInt64(bigEndian: value))
    }
}

extension ByteString {
    fileprivate func isText(_ text: String) -> Bool { bytes.elementsEqual(text.utf8) }
}

extension DigestKind {
    /// An entry under another key than its own hashes to something else.
    fileprivate func hash(isAtHome: Bool, _ write: (inout ByteWriter) -> Void) -> UInt64 {
        isAtHome ? hash(write) : ~hash(write)
    }
}

extension OrderedMap {
    /// At most `limit` elements behind `last`, in order; from the first on where it is `nil`.
    ///
    /// Ends where the order does: a key that changed in memory must not send a patrol in circles.
    fileprivate func next<Result>(
        behind last: Key?,
        limit: Int,
        _ transform: (Key, Value) -> Result
    ) -> [Result] {
        var found: [Result] = []
        var previous = last
        forEach(from: last) { element in
            if element.key == last { return true }
            if let previous, element.key <= previous { return false }
            previous = element.key
            found.append(transform(element.key, element.value))
            return found.count < limit
        }
        return found
    }
}
