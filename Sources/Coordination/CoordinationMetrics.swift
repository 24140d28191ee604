// SPDX-License-Identifier: Apache-2.0
import Primitives
import RaftCore
import Telemetry

/// What coordination counts.
struct CoordinationMetrics: Sendable {
    private let fsync: Histogram
    private let scrubbed: Counter
    let registry: MetricRegistry

    init(registry: MetricRegistry) {
        self.registry = registry
        fsync = registry.histogram(.raftFsyncSeconds)
        scrubbed = registry.counter(.raftLogScrubbedBytes)
    }

    func logBatch(seconds: Double) { fsync.observe(seconds) }

    func logRead(byteCount: Int) { scrubbed.add(UInt64(byteCount)) }

    /// Reports at each scrape how many files of the log are damaged.
    func report(damagedFiles: @escaping @Sendable () -> Int) {
        registry.report(.raftLogDamagedFiles) { [([], Double(damagedFiles()))] }
    }

    /// Reports the alarms at each scrape.
    func report(alarms: @escaping @Sendable () -> [Alarm]) {
        registry.report(.alarm) {
            let raised = alarms().map(\.kind)
            let known = Alarm.Kind.all + raised.filter { !Alarm.Kind.all.contains($0) }
            return known.map { ([$0.rawValue], raised.contains($0) ? 1 : 0) }
        }
    }

    /// Reports at each scrape whom this worker feeds, and how old its catalog is.
    func report(feed facts: @escaping @Sendable () -> FeedFacts?) {
        registry.report(.feedStreams) { facts().map { [([], Double($0.streams))] } ?? [] }
        registry.report(.feedSentBytes) { facts().map { [([], Double($0.sentBytes))] } ?? [] }
        registry.report(.feedChanges) { facts().map { [([], Double($0.changes))] } ?? [] }
        registry.report(.catalogStaleness) {
            guard let age = facts()?.age else { return [] }
            return [([], Double(age.milliseconds) / 1000)]
        }
    }

    /// Reports at each scrape what became of the datagrams of consensus.
    func report(_ datagrams: ConsensusDatagrams) {
        registry.report(.raftDatagrams) {
            datagrams.counts.map { ([$0.outcome.rawValue], Double($0.count)) }
        }
    }

    /// Reports this voter's state at each scrape, as long as consensus runs here.
    func report(_ state: @escaping @Sendable () -> VoterState?) {
        func report(
            _ definition: MetricDefinition,
            _ value: @escaping @Sendable (VoterState) -> Double
        ) {
            registry.report(definition) { state().map { [([], value($0))] } ?? [] }
        }
        report(.raftTerm) { Double($0.term.rawValue) }
        report(.raftIsLeader) { $0.role == .leader ? 1 : 0 }
        report(.raftCommitIndex) { Double($0.commit.rawValue) }
    }
}
