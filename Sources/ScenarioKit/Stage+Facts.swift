// SPDX-License-Identifier: Apache-2.0

import LogStorage
import Primitives
import RaftCore

/// The assertions: `expect …`.
extension Stage {
    mutating func expect(_ words: inout Words) throws(StatementError) {
        if words.take("mail") { return try expectMail(&words) }
        let first = words.left.first ?? ""
        if let outcome = outcomes[first] {
            _ = try words.next("a request")
            return try compare(words.rest(), Self.text(outcome), of: first)
        }
        let isOfAll = first == "all"
        for node in try nodeList(&words) {
            var rest = words
            if isOfAll, nodes[node - 1].raft == nil { continue }
            try expect(node, &rest)
            try rest.end()
        }
        _ = words.rest()
    }

    private func compare(
        _ expected: [String],
        _ found: String,
        of what: String
    ) throws(StatementError) {
        let expected = expected.joined(separator: " ")
        guard expected != found else { return }
        throw StatementError(expected: "\(what) \(expected)", found: "\(what) \(found)")
    }

    // MARK: - Nodes

    private func expect(_ node: Int, _ words: inout Words) throws(StatementError) {
        let fact = try words.next("a fact")
        guard let raft = nodes[node - 1].raft else {
            return try expectDown(node, fact, &words)
        }
        let found: String
        switch fact {
        case "leads", "follows", "role", "term", "voted": found = standing(fact, raft)
        case "last", "commit", "applied", "first", "snapshot": found = progress(fact, raft)
        case "has", "logs", "durable", "voters": found = content(fact, node, raft)
        case "doubts": found = raft.status.isInDoubt ? "" : "no"
        case "trusts": found = raft.status.isInDoubt ? "no" : ""
        case "ignored": found = "\(raft.ignoredMessageCount)"
        case "match":
            let peer = try words.node()
            let progress = raft.status.peers.first { $0.voter.node.rawValue == UInt64(peer) }
            found = progress.map { "\($0.match.rawValue)" } ?? "nothing"
        case "quarantined": found = raft.isQuarantined ? "" : "no"
        case "sound": found = raft.isQuarantined ? "no" : ""
        case "proven": found = "\(raft.provenIndex.rawValue)"
        case "alarms": found = Self.text(raft.status.alarms)
        case "up": found = ""
        default: throw words.error("a fact instead of '\(fact)'")
        }
        let expected = words.rest().joined(separator: " ")
        guard expected != found else { return }
        throw StatementError(
            expected: "n\(node) \(fact) \(expected)",
            found: "n\(node) \(fact) \(found) (\(summary(of: node)))"
        )
    }

    private func expectDown(
        _ node: Int,
        _ fact: String,
        _ words: inout Words
    ) throws(StatementError) {
        switch fact {
        case "down": return
        case "refused":
            let found =
                switch nodes[node - 1].refusal {
                case .refused(let refusal): refusal.finding.rawValue
                case let error?: "\(error)"
                case nil: "nothing"
                }
            try compare(words.rest(), found, of: "n\(node) refused")
        default:
            throw StatementError(expected: "n\(node) \(fact)", found: summary(of: node))
        }
    }

    private func standing(_ fact: String, _ raft: Raft) -> String {
        switch fact {
        case "leads": raft.role == .leader ? "" : "no"
        case "follows":
            raft.role == .leader
                ? "itself" : raft.leader.map { "\($0.rawValue)" } ?? "nobody"
        case "role":
            switch raft.role {
            case .follower: "follower"
            case .preCandidate: "pre-candidate"
            case .candidate: "candidate"
            case .leader: "leader"
            }
        case "term": "\(raft.term.rawValue)"
        default: raft.hardState.vote.map { "\($0.rawValue)" } ?? "nobody"
        }
    }

    private func progress(_ fact: String, _ raft: Raft) -> String {
        switch fact {
        case "last": "\(raft.log.last.index.rawValue)@\(raft.log.last.term.rawValue)"
        case "commit": "\(raft.commit.rawValue)"
        case "applied": "\(raft.applied.rawValue)"
        case "first": "\(raft.firstKeptIndex.rawValue)"
        default: raft.snapshot.map { "\($0.position.index.rawValue)" } ?? "nothing"
        }
    }

    private func content(_ fact: String, _ node: Int, _ raft: Raft) -> String {
        let none = "nothing"
        switch fact {
        case "has":
            let names = nodes[node - 1].machine.names
            return names.isEmpty ? none : names.joined(separator: " ")
        case "logs":
            let entries = raft.log.entries(from: raft.firstKeptIndex, through: raft.log.last.index)
            let names = entries.filter { $0.kind == .command }.map(CommandMachine.name)
            return names.isEmpty ? none : names.joined(separator: " ")
        case "durable":
            return nodes[node - 1].disk.storage.map { "\($0.lastIndex.rawValue)" } ?? none
        default: return Self.text(raft.voters)
        }
    }

    private static func text(_ voters: VoterSet) -> String {
        func list(_ voters: [Voter]) -> String {
            voters.map { "\($0.node.rawValue)" }.joined(separator: " ")
        }
        return list(voters.incoming)
            + (voters.outgoing.isEmpty ? "" : " leaving \(list(voters.outgoing))")
            + (voters.learners.isEmpty ? "" : " learning \(list(voters.learners))")
    }

    private static func text(_ alarms: [RaftAlarm]) -> String {
        let words = alarms.map { alarm in
            switch alarm {
            case .noMajority(let index): "no-majority \(index.rawValue)"
            case .rebuildFailed(let index): "rebuild-failed \(index.rawValue)"
            case .unproven(let index): "unproven \(index.rawValue)"
            case .slowDisk: "slow-disk"
            }
        }
        return words.isEmpty ? "none" : words.joined(separator: " ")
    }

    // MARK: - Requests and mail

    private static func text(_ outcome: Outcome) -> String {
        switch outcome {
        case .pending: "pending"
        case .proposed(let position):
            "proposed \(position.index.rawValue)@\(position.term.rawValue)"
        case .dropped(let refusal): "dropped \(text(refusal))"
        case .ready(let index): "ready \(index.rawValue)"
        case .saw(let names): "sees \(names.isEmpty ? "nothing" : names.joined(separator: " "))"
        case .failed(let refusal): "failed \(text(refusal))"
        case .refused(let refusal): "refused \(text(refusal))"
        }
    }

    private static func text(_ refusal: RaftRefusal) -> String {
        switch refusal {
        case .notLeader(let hint): "not-leader\(hint.map { " \($0.rawValue)" } ?? "")"
        case .overloaded: "overloaded"
        case .noQuorum: "no-quorum"
        case .transferring: "transferring"
        case .leadershipLost: "leadership-lost"
        case .quarantined: "quarantined"
        case .disputed: "disputed"
        }
    }

    private static func text(_ refusal: MembershipRefusal) -> String {
        switch refusal {
        case .notLeader(let hint): "not-leader\(hint.map { " \($0.rawValue)" } ?? "")"
        case .transferring: "transferring"
        case .noQuorum: "no-quorum"
        case .tooEarly: "too-early"
        case .underWay: "under-way"
        case .superseded: "superseded"
        case .notCaughtUp(let voters):
            "not-caught-up \(voters.map { "\($0.node.rawValue)" }.joined(separator: " "))"
        case .malformed: "malformed"
        }
    }

    private func expectMail(_ words: inout Words) throws(StatementError) {
        let filter = try MailFilter(&words)
        let count = mail.count { filter.matches($0) }
        guard try words.number("how many") != UInt64(count) else { return }
        throw StatementError(expected: words.text, found: "\(count) of \(mailSummary)")
    }

    // MARK: - For messages

    var mailSummary: String {
        let letters = mail.prefix(12).map {
            "\($0.from.node.rawValue)->\($0.to) \($0.kind?.rawValue ?? "other")"
        }
        return letters.isEmpty ? "no mail" : letters.joined(separator: ", ")
    }

    func summary(of node: Int) -> String {
        guard let raft = nodes[node - 1].raft else {
            return "down\(nodes[node - 1].refusal.map { ": \($0)" } ?? "")"
        }
        return
            "n\(node) \(raft.role) of \(raft.term), leader \(raft.leader.map { "\($0)" } ?? "none")"
            + ", last \(raft.log.last), commit \(raft.commit), applied \(raft.applied)"
    }
}
