// SPDX-License-Identifier: Apache-2.0
import CatalogCore
package import Codecs
import Glibc
import LogStorage
import Logging
package import PeerTransport
import Primitives
import RaftCore
import Synchronization
import SystemIO

/// How a voter's consensus is started from its disk.
extension CoordinationNode {
    /// `checkpoint` is what this voter had applied when it last wrote that down.
    func startVoting(
        from checkpoint: (catalog: Catalog, index: LogIndex)? = nil
    ) throws(MembershipStoreError) {
        let (storage, recovered, me) = try store.openLog()
        for repair in recovered.repairs {
            log.notice(
                "the log was repaired",
                metadata: ["log.file": "\(repair.file)", "log.finding": "\(repair.detail)"]
            )
        }
        let machine = CatalogMachine(replica: replica, now: settings.now, log: log)
        if let snapshot = recovered.snapshot {
            machine.prepareRestore(snapshot.state, at: snapshot.metadata.position.index)()
        }
        if let checkpoint { catchUp(to: checkpoint, by: recovered.entries, machine) }
        let scrub = store.scrub(of: storage.written)
        let writer = LogWriter()
        let driver = RaftDriver(
            loop: loop,
            writer: writer,
            machine: machine,
            ports: makePorts(),
            limits: settings.limits,
            arrivals: store.arrivals
        )
        writer.start(storage, in: store.logPath) { [weak driver] completion in
            driver?.completed(completion)
        } failure: { [log] error in
            // No second try: after a failed sync the kernel takes the pages for clean.
            log.critical(
                """
                the voter's log cannot be written; ending at once. What was acknowledged is with a \
                quorum. Look at the disk (dmesg, smartctl), then start the worker again
                """,
                metadata: ["error": "\(error)", "alarm": "disk-error"]
            )
            _exit(1)
        }
        let raftSettings = raftSettings(recovered)
        let seed = Self.seed()
        let arrived = store.arrivedSnapshot(upTo: raftSettings.snapshotBytes)
        driver.start(snapshot: recovered.snapshot.map { ($0.metadata, $0.state) }) {
            Raft(
                settings: raftSettings,
                me: me,
                restored: recovered.hardState,
                snapshot: recovered.snapshot?.metadata,
                entries: recovered.entries,
                arrived: arrived,
                seed: seed
            )
        }
        let scrubber = LogScrubber()
        scrubber.start(
            scrub,
            everyMS: settings.limits.scrubIntervalMS,
            seed: store.store.rawValue.low
        ) { [weak self] in self?.scrubbed($0) }
        voting.withLock { $0 = Voting(driver: driver, writer: writer, scrubber: scrubber) }
    }

    /// Brings the replica to the checkpoint: by the log's own entries, so that watches may begin
    /// before the restart, else by the checkpoint itself.
    ///
    /// The entries count only if they lead to the very same state: those that were not synced when
    /// their effect was written down may have been lost, and others stand in their place.
    private func catchUp(
        to checkpoint: (catalog: Catalog, index: LogIndex),
        by entries: [LogEntry],
        _ machine: CatalogMachine
    ) {
        let known = entries.prefix { $0.index <= checkpoint.index }
        var catalog = replica.catalog
        for entry in known {
            switch entry.kind {
            case .noop: break
            case .configuration:
                if let command = CatalogMachine.command(configuration: entry.payload) {
                    _ = catalog.apply(command)
                }
            case .command:
                // One that cannot be read leads to another state, which is noticed below.
                if let command = try? CatalogCommand(decoding: entry.payload) {
                    _ = catalog.apply(command)
                }
            }
        }
        let isSame =
            known.last?.index == checkpoint.index
            && catalog.revision == checkpoint.catalog.revision
            && catalog.stateDigest == checkpoint.catalog.stateDigest
        guard isSame else {
            replica.restore(checkpoint.catalog, at: checkpoint.index)
            return
        }
        _ = machine.apply(known[...])
    }

    private func makePorts() -> RaftDriver.Ports {
        RaftDriver.Ports(
            send: { [weak self] message, voter in self?.send(message, to: voter) },
            now: settings.now,
            roleChanged: { [log] role, term, leader in
                log.notice(
                    "consensus role",
                    metadata: [
                        "raft.role": "\(role)", "raft.term": "\(term.rawValue)",
                        "raft.leader": "\(leader.map(\.description) ?? "none")",
                    ]
                )
            },
            fsyncTook: { [metrics] seconds in metrics.logBatch(seconds: seconds) },
            stateChanged: { [weak self] event in self?.stateChanged(event) },
            spaceChanged: { [weak self] in self?.tell($0) }
        )
    }

    /// Says what the log's disk has room for, when that changes.
    private func tell(_ space: DiskSpace) {
        let facts = space.facts
        if space.isFull {
            alarms.raise(
                .diskFull,
                "the disk of the log has no room left (\(facts)): this voter takes nothing new and "
                    + "does not lead; free space on it, it goes on by itself"
            )
        } else {
            alarms.clear(.diskFull)
        }
        if space.level > .ample {
            alarms.raise(
                .diskLow,
                "the disk of the log is nearly full (\(facts)); free space on it"
            )
        } else {
            alarms.clear(.diskLow)
        }
        log.log(
            level: space.isFull ? .critical : space.level > .ample ? .warning : .notice,
            "room on the disk of the log: \(space.isFull ? "full" : "\(space.level)")",
            metadata: [
                "disk.available": "\(space.available)", "disk.total": "\(space.total)",
                "log.waits": "\(space.isStuck)",
            ]
        )
    }

    private func send(_ message: RaftMessage, to voter: Voter) {
        guard let address = book.address(of: voter.node) else { return }
        let bytes = RaftMessageCodec.encode(message)
        if peers.losesPackets(to: address),
            sendBeside(message, to: voter, at: address) || datagrams.wereHanded(message, to: voter)
        {
            peers.sendSpare(bytes, to: address)
        } else {
            peers.send(bytes, to: address)
        }
    }

    /// The timing that the cluster was born with: from the catalog, or from the log's first entries.
    private func raftSettings(_ recovered: RecoveredLog) -> RaftSettings {
        var timing = replica.catalog.cluster?.timing
        for entry in recovered.entries.prefix(4) where timing == nil && entry.kind == .command {
            if let command = try? CatalogCommand(decoding: entry.payload),
                case .genesis(let cluster, _) = command.operation
            {
                timing = cluster.timing
            }
        }
        var times: RaftSettings = timing == .wan ? .wan : .lan
        times.trailingEntryCount = settings.limits.trailingEntries
        times.digestEntryCount = settings.limits.digestEntries
        return times
    }

    /// Election timeouts must differ between voters and between starts.
    private static func seed() -> UInt64 {
        if let seed = try? SystemEntropy.seed() { return seed }
        var generator = SystemRandomNumberGenerator()
        return generator.next()
    }
}

extension Formation {
    /// What each first voter's log begins with: who votes, then who everybody is.
    var firstWrite: LogWrite {
        let voters = members.enumerated().map { offset, member in
            Voter(node: NodeID(UInt64(offset) + 1), store: member.store)
        }
        let (state, first) = Raft.bootstrap(
            VoterSet(incoming: voters, priorities: priorities)
        )
        let second = LogEntry(
            position: LogPosition(term: first.term, index: first.index.next),
            kind: .command,
            payload: genesis.encode()
        )
        return LogWrite(
            sequence: WriteSequence(1),
            hardState: state,
            truncateFrom: nil,
            entries: [first, second]
        )
    }

    /// A cluster that spans regions is rather led from where most of its votes are: they are the
    /// nearest to each other.
    private var priorities: [VoterSet.Priority] {
        guard cluster.survival == .region else { return [] }
        let regions = members.map(\.region).sorted()
        let home = regions.max { left, right in
            let (few, many) = (
                regions.count { $0 == left }, regions.count { $0 == right }
            )
            return few != many ? few < many : left > right  // Of equals the first by name.
        }
        return members.enumerated().compactMap { offset, member in
            guard member.region == home else { return nil }
            return VoterSet.Priority(node: NodeID(UInt64(offset) + 1), value: 1)
        }
    }
}

extension CoordinationNode: PeerConnectionObserver {
    package func connected(to address: PeerAddress, remote: PeerHello) {
        guard let node = remote.node, remote.cluster == membership.cluster else { return }
        book.learned(node, at: address)
    }

    package func disconnected(
        from address: PeerAddress,
        remote: PeerHello?,
        error: PeerError
    ) {
        if case .refused(_, let refusal) = error, refusal.kind == .removed {
            return heardRetirement(refusal)
        }
        // A second link, by another spelling of the address, ends unused and says nothing.
        guard let node = remote?.node, book.address(of: node) == address else { return }
        health.lost(node)
        if case .disconnected = error { gossip.refused(node) }
        driver?.disconnected(from: node)
    }
}
