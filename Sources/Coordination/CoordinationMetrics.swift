// SPDX-License-Identifier: Apache-2.0
import Primitives
import RaftCore
import Telemetry

/// What coordination counts.
struct CoordinationMetrics: Sendable {
    private let fsync: Histogram
    private let registry: MetricRegistry

    init(registry: MetricRegistry) {
        self.registry = registry
        fsync = registry.histogram(.raftFsyncSeconds)
    }

    func logBatch(seconds: Double) { fsync.observe(seconds) }

    /// Reports this voter's state at each scrape.
    func report(_ state: @escaping @Sendable () -> VoterState) {
        registry.report(.raftTerm) { [([], Double(state().term.rawValue))] }
        registry.report(.raftIsLeader) { [([], state().role == .leader ? 1 : 0)] }
        registry.report(.raftCommitIndex) { [([], Double(state().commit.rawValue))] }
        registry.report(.alarm) {
            let trouble = StateTrouble(state())
            return StateTrouble.Kind.allCases.map { kind in
                ([kind.word], trouble?.kind == kind ? 1 : 0)
            }
        }
    }
}
