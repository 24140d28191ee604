// SPDX-License-Identifier: Apache-2.0

import LogStorage
import Primitives
import RaftCore

/// The voters of one scenario and everything between them; nothing moves unless a statement says so.
///
/// Messages wait until they are delivered or dropped. Disks and state machines do what they are asked
/// at once unless they are held. After every step it is checked that no term has two leaders and that
/// all nodes apply the same commands in the same order, whatever the scenario asserts.
struct Stage {
    /// What became of something a client asked for.
    enum Outcome: Equatable {
        case pending
        case proposed(LogPosition)
        case dropped(RaftRefusal)
        case ready(LogIndex)
        /// A read that was answered, with what it saw.
        case saw([String])
        case failed(RaftRefusal)
        /// A change of members that was not made.
        case refused(MembershipRefusal)
    }

    var settings: RaftSettings
    /// Nodes count from 1; the first is at 0.
    var nodes: [ScenarioNode] = []
    var mail: [Letter] = []
    /// Letters put aside, by the name a scenario gave them.
    var kept: [String: [Letter]] = [:]
    /// Directions in which nothing gets through.
    var cuts: [(from: Int, to: Int)] = []
    var outcomes: [String: Outcome] = [:]
    private var requestNames: [String] = []
    private var leaders: [Term: NodeID] = [:]
    private var history: [LogIndex: LogEntry] = [:]
    private(set) var contradiction: String?
    private var storeCount: UInt64 = 0
    let cluster = ClusterID(UniqueID(high: 1, low: 1))

    init(_ words: [String]) throws(StatementError) {
        var words = Words(words)
        guard words.take("cluster") else { throw words.error("'cluster COUNT' first") }
        let count = Int(try words.number("how many nodes"))
        guard (1...9).contains(count) else { throw words.error("1 to 9 nodes") }
        settings = words.take("wan") ? .wan : .lan
        let votingCount = words.take("voting") ? Int(try words.number("how many vote")) : count
        guard (1...count).contains(votingCount) else { throw words.error("1 to \(count) voters") }
        for setting in words.rest() { try Self.set(setting, in: &settings) }

        let voters = (1...count).map { Self.voter($0, store: 0) }
        let first = Raft.bootstrap(VoterSet(incoming: Array(voters.prefix(votingCount))))
        let write = LogWrite(
            sequence: WriteSequence(1),
            hardState: first.state,
            truncateFrom: nil,
            entries: [first.entry]
        )
        for voter in voters {
            let isFirst = voter.node.rawValue <= UInt64(votingCount)
            nodes.append(ScenarioNode(voter, try disk(of: voter, first: isFirst ? write : nil)))
        }
        for node in 1...count { try start(node) }
    }

    private static func voter(_ node: Int, store: UInt64) -> Voter {
        Voter(
            node: NodeID(UInt64(node)),
            store: StoreID(UniqueID(high: 7 + store, low: UInt64(node)))
        )
    }

    func disk(of voter: Voter, first: LogWrite?) throws(StatementError) -> ScenarioDisk {
        let identity = LogIdentity(cluster: cluster, store: voter.store, node: voter.node)
        do throws(LogStorageError) {
            return try ScenarioDisk(identity, first: first)
        } catch {
            throw StatementError(expected: "an empty disk for \(voter.node)", found: "\(error)")
        }
    }

    /// A store that nobody had before.
    mutating func freshVoter(_ node: Int) -> Voter {
        storeCount += 1
        return Self.voter(node, store: storeCount)
    }

    private static func set(
        _ word: String,
        in settings: inout RaftSettings
    ) throws(StatementError) {
        let parts = word.split(separator: "=")
        guard parts.count == 2, let value = UInt64(parts[1]) else {
            throw StatementError(expected: "a setting NAME=NUMBER", found: "'\(word)'")
        }
        switch parts[0] {
        case "trailing": settings.trailingEntryCount = value
        case "inflight": settings.inflightMessageCount = Int(value)
        case "inflight-bytes": settings.inflightBytes = Int(value)
        case "message-bytes": settings.entryBytesPerMessage = Int(value)
        case "chunk": settings.snapshotChunkBytes = Int(value)
        case "uncommitted-bytes": settings.uncommittedBytes = Int(value)
        case "proposal-bytes": settings.proposalBytes = Int(value)
        case "backlog": settings.applyBacklogCount = value
        case "undurable": settings.undurableCount = value
        case "catch-up": settings.catchUpEntryCount = value
        case "digest": settings.digestEntryCount = value
        case "unproven": settings.unprovenEntryCount = value
        case "reads": settings.pendingReadCount = Int(value)
        default: throw StatementError(expected: "a known setting", found: "'\(parts[0])'")
        }
    }

    // MARK: - Requests

    /// Names a request; its outcome is pending until the core says something.
    mutating func request(_ name: String) -> RaftRequestID {
        requestNames.append(name)
        outcomes[name] = .pending
        return RaftRequestID(UInt64(requestNames.count))
    }

    mutating func settle(_ request: RaftRequestID, _ outcome: Outcome) {
        outcomes[requestNames[Int(request.rawValue) - 1]] = outcome
    }

    // MARK: - What must hold whatever the scenario says

    mutating func noteLeader(_ node: Int, _ term: Term) {
        let id = nodes[node - 1].voter.node
        if let other = leaders.updateValue(id, forKey: term), other != id {
            contradiction = contradiction ?? "\(other) and \(id) both lead \(term)"
        }
    }

    mutating func noteApplied(_ entry: LogEntry, by node: Int) {
        let machine = nodes[node - 1].machine
        if entry.index != machine.applied.next {
            contradiction =
                contradiction ?? "n\(node) applies \(entry.index) behind \(machine.applied)"
        }
        if let other = history.updateValue(entry, forKey: entry.index), other != entry {
            contradiction =
                contradiction
                ?? "\(entry.index) is \(CommandMachine.name(other)) of \(other.term) at one node and "
                + "\(CommandMachine.name(entry)) of \(entry.term) at n\(node)"
        }
    }
}
