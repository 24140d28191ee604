// SPDX-License-Identifier: Apache-2.0

/// Everything that opening a log can find out of the ordinary.
package enum RecoveryFinding: String, Sendable, CaseIterable {
    // In the last segment, where the last batch may have been under way:
    case tornStart, tornMiddle
    case laterBatch, damagedBatch
    // In a segment that has a successor:
    case unfinishedSegment, damagedSegment, brokenLink
    // About files:
    case damagedHeader, wrongLength, misnamed, numberGap, vanishedTail, leftover
    case foreignCluster, foreignStore, foreignNode, newerFormat
    // About what the records say together:
    case indexGap, termConflict
    // Hard state and snapshots:
    case oneSlotLost, hardStateLost, hardStateConflict
    case snapshotDamaged, snapshotLost
    case staleLog
}

/// What is done about a finding.
package enum RecoveryVerdict: Sendable, Equatable {
    /// Drop bytes that nobody was ever promised.
    case cut
    /// Drop a file that was never put in place.
    case remove
    /// Write the lost copy again from the one that is left.
    case repair
    /// Use the snapshot before it.
    case fallBack
    /// Drop log entries that a newer snapshot has replaced.
    case replace
    /// Start nothing, change nothing: an operator can put the right file in place.
    case refuse
    /// Never start from this log again, and change nothing in it: what is missing is nowhere on
    /// this disk. A voter with peers goes on as a new store, the only voter does not start.
    case rebuild
}

/// One row of the decision table.
package struct RecoveryRule: Sendable {
    package let finding: RecoveryFinding
    package let verdict: RecoveryVerdict
    /// Why this verdict is right.
    package let reason: String
    /// What an operator does about it; empty where there is nothing to do.
    package let nextStep: String
}

extension RecoveryRule {
    private static let replaceVoter = """
        do not delete files by hand. Start the worker: once a quorum of the other voters goes on \
        without it, it sets this log aside and comes back as a new store. The only voter: put a \
        copy of the data directory in its place
        """
    private static let restart = "start it with the data directory that belongs to it"

    /// The decision table: every finding once.
    ///
    /// The line between the first two rows and the rest is what recovery promises: bytes are cut
    /// only where the file itself proves that their batch was never durable as a whole, hence never
    /// acknowledged. Everything else was, or may have been, promised to somebody; whether an operator
    /// can put it right (`refuse`) or only the other voters can (`rebuild`) is the second question.
    package static let table: [RecoveryRule] = [
        RecoveryRule(
            finding: .tornStart,
            verdict: .cut,
            reason: "the last batch's first sector was never written, so its sync never returned",
            nextStep: ""
        ),
        RecoveryRule(
            finding: .tornMiddle,
            verdict: .cut,
            reason: "a sector of the last batch was never written, so its sync never returned",
            nextStep: ""
        ),
        RecoveryRule(
            finding: .laterBatch,
            verdict: .rebuild,
            reason: "a batch is missing although a later one exists: it was durable and is lost",
            nextStep: replaceVoter
        ),
        RecoveryRule(
            finding: .damagedBatch,
            verdict: .rebuild,
            reason: "every sector of the batch was written, so it may have been acknowledged, "
                + "and now it is not what was written",
            nextStep: replaceVoter
        ),
        RecoveryRule(
            finding: .unfinishedSegment,
            verdict: .rebuild,
            reason: "the segment has a successor, so all of it was durable, and part is missing",
            nextStep: replaceVoter
        ),
        RecoveryRule(
            finding: .damagedSegment,
            verdict: .rebuild,
            reason: "the segment has a successor, so all of it was durable, and part is damaged",
            nextStep: replaceVoter
        ),
        RecoveryRule(
            finding: .brokenLink,
            verdict: .rebuild,
            reason: "the segment does not go on where the one before it ends",
            nextStep: replaceVoter
        ),
        RecoveryRule(
            finding: .damagedHeader,
            verdict: .rebuild,
            reason: "a segment gets its name only when its header is durable; it was damaged since",
            nextStep: replaceVoter
        ),
        RecoveryRule(
            finding: .wrongLength,
            verdict: .rebuild,
            reason: "the file is not as long as its header says; it was cut or extended since",
            nextStep: replaceVoter
        ),
        RecoveryRule(
            finding: .misnamed,
            verdict: .refuse,
            reason: "the file's name is not the one its header says: it was renamed or copied",
            nextStep: "give the file its own name back"
        ),
        RecoveryRule(
            finding: .numberGap,
            verdict: .rebuild,
            reason: "a segment between two others is missing",
            nextStep: replaceVoter
        ),
        RecoveryRule(
            finding: .vanishedTail,
            verdict: .rebuild,
            reason: "the hard state names a later segment than any there is: the newest is missing",
            nextStep: replaceVoter
        ),
        RecoveryRule(
            finding: .leftover,
            verdict: .remove,
            reason: "a file is renamed to its own name when it is durable; this one never was",
            nextStep: ""
        ),
        RecoveryRule(
            finding: .foreignCluster,
            verdict: .refuse,
            reason: "the file belongs to another cluster",
            nextStep: restart
        ),
        RecoveryRule(
            finding: .foreignStore,
            verdict: .refuse,
            reason: "the file belongs to another store: a copied disk would vote twice",
            nextStep: restart
        ),
        RecoveryRule(
            finding: .foreignNode,
            verdict: .refuse,
            reason: "the file belongs to another node",
            nextStep: restart
        ),
        RecoveryRule(
            finding: .newerFormat,
            verdict: .refuse,
            reason: "the file was written by a newer release, whose format this one cannot read",
            nextStep: "start the release that wrote it, or a later one"
        ),
        RecoveryRule(
            finding: .indexGap,
            verdict: .refuse,
            reason: "entries are missing between a snapshot or entry and the next one, in batches "
                + "whose checksums and order are right: this is what was written, not what a disk lost",
            nextStep: """
                keep a copy of the data directory and report it as a bug. With peers that vote: empty \
                the directory and let the worker join as a new one. Without: put an older copy of the \
                data directory in its place
                """
        ),
        RecoveryRule(
            finding: .termConflict,
            verdict: .rebuild,
            reason: "terms go backwards or beyond the hard state: not what was written",
            nextStep: replaceVoter
        ),
        RecoveryRule(
            finding: .oneSlotLost,
            verdict: .repair,
            reason: "the other slot and the log hold the hard state; a slot being written may tear",
            nextStep: ""
        ),
        RecoveryRule(
            finding: .hardStateLost,
            verdict: .rebuild,
            reason: "both copies are gone: this store may have voted and must not vote again",
            nextStep: replaceVoter
        ),
        RecoveryRule(
            finding: .hardStateConflict,
            verdict: .rebuild,
            reason: "two votes in one term: not what was written",
            nextStep: replaceVoter
        ),
        RecoveryRule(
            finding: .snapshotDamaged,
            verdict: .fallBack,
            reason: "the snapshot before it and the log hold the same state",
            nextStep: ""
        ),
        RecoveryRule(
            finding: .snapshotLost,
            verdict: .rebuild,
            reason: "the log does not reach back to any readable snapshot",
            nextStep: replaceVoter
        ),
        RecoveryRule(
            finding: .staleLog,
            verdict: .replace,
            reason: "a leader's snapshot was durable and its mark in the log was not yet: the log "
                + "ends before it or disagrees with it (Raft §7)",
            nextStep: ""
        ),
    ]

    /// Findings that a log can never be used again with; the others refused are an operator's.
    package var isRot: Bool { verdict == .rebuild }

    /// The row for a finding.
    package static func rule(for finding: RecoveryFinding) -> RecoveryRule {
        guard let rule = table.first(where: { $0.finding == finding }) else {
            preconditionFailure("no row for \(finding)")
        }
        return rule
    }
}
