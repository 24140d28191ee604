// SPDX-License-Identifier: Apache-2.0

import Primitives
import RaftCore

/// The commands of the language; assertions are in `Stage+Facts`.
extension Stage {
    /// Carries out one statement.
    mutating func perform(_ statement: [String]) throws(StatementError) {
        var words = Words(statement)
        let verb = try words.next("a statement")
        switch verb {
        case "expect": try expect(&words)
        case "tick", "run", "elect", "timeout": try performTime(verb, &words)
        case "propose", "read", "transfer": try performClient(verb, &words)
        case "members": try changeMembers(&words)
        case "settle", "deliver", "drop", "keep", "replay", "send": try performMail(verb, &words)
        case "cut", "heal", "disconnect": try performNetwork(verb, &words)
        case "disk", "rot", "lose", "copy": try performDisk(verb, &words)
        case "machine", "snapshot", "flip": try performMachine(verb, &words)
        case "crash", "tear", "restart", "wipe": try performLife(verb, &words)
        default: throw StatementError(expected: "a statement", found: "'\(verb)'")
        }
        try words.end()
        if let contradiction {
            throw StatementError(expected: "safety in '\(words.text)'", found: contradiction)
        }
    }

    /// `all`, or one or more numbers of nodes.
    func nodeList(_ words: inout Words) throws(StatementError) -> [Int] {
        if words.take("all") { return Array(1...nodes.count) }
        let found = words.nodes()
        guard !found.isEmpty, found.allSatisfy({ (1...nodes.count).contains($0) }) else {
            throw words.error("a node")
        }
        return found
    }

    func oneNode(_ words: inout Words) throws(StatementError) -> Int {
        let node = try words.node()
        guard (1...nodes.count).contains(node) else {
            throw StatementError(expected: "a node", found: "\(node)")
        }
        return node
    }

    // MARK: - Time

    private mutating func performTime(
        _ verb: String,
        _ words: inout Words
    ) throws(StatementError) {
        switch verb {
        case "tick":
            let milliseconds = try words.number("milliseconds")
            for node in try nodeList(&words) { try advance(node, by: milliseconds) }
        case "run":
            let milliseconds = try words.number("milliseconds")
            var left = milliseconds
            while left > 0 {
                let part = min(10, left)
                left -= part
                for node in 1...nodes.count { try advance(node, by: part) }
                try settleMail()
            }
        case "timeout":
            // Twice the least timeout is more than any.
            for node in try nodeList(&words) { try advance(node, by: 2 * settings.electionMS) }
        default: try elect(try oneNode(&words))
        }
    }

    /// Lets the others forget their leader and one node time out until it leads.
    private mutating func elect(_ node: Int) throws(StatementError) {
        for other in 1...nodes.count where other != node {
            try advance(other, by: settings.electionMS)
        }
        mail.removeAll()
        for _ in 0..<20 where nodes[node - 1].raft?.role != .leader {
            try advance(node, by: settings.electionMS)
            try settleMail()
        }
        guard nodes[node - 1].raft?.role == .leader else {
            throw StatementError(expected: "n\(node) to be elected", found: summary(of: node))
        }
    }

    // MARK: - Clients

    private mutating func performClient(
        _ verb: String,
        _ words: inout Words
    ) throws(StatementError) {
        let node = try oneNode(&words)
        switch verb {
        case "propose":
            for name in words.rest() {
                try step(node, .propose(request(name), payload: CommandMachine.payload(name)))
            }
        case "read": try step(node, .readIndex(request(try words.next("a name for the read"))))
        default:
            let target = words.isEmpty ? nil : NodeID(try words.number("a node"))
            try step(node, .transferLeadership(to: target))
        }
    }

    // MARK: - Mail

    private mutating func performMail(
        _ verb: String,
        _ words: inout Words
    ) throws(StatementError) {
        switch verb {
        case "settle": try settleMail()
        case "deliver":
            let filter = try MailFilter(&words)
            for letter in try takeMail(filter, &words) { try deliver(letter) }
        case "drop":
            let filter = try MailFilter(&words)
            mail.removeAll { filter.matches($0) }
        case "keep":
            let name = try words.next("a name for the letters")
            let filter = try MailFilter(&words)
            kept[name] = try takeMail(filter, &words)
        case "replay":
            let name = try words.next("the name of letters that were kept")
            guard let letters = kept[name] else { throw words.error("letters that were kept") }
            for letter in letters { try deliver(letter) }
        default: try sendByHand(&words)
        }
    }

    /// Takes letters out of the mail; there must be some.
    private mutating func takeMail(
        _ filter: MailFilter,
        _ words: inout Words
    ) throws(StatementError) -> [Letter] {
        let taken = mail.filter { filter.matches($0) }
        mail.removeAll { filter.matches($0) }
        guard !taken.isEmpty else {
            throw StatementError(expected: "mail for '\(words.text)'", found: mailSummary)
        }
        return taken
    }

    // MARK: - Network

    private mutating func performNetwork(
        _ verb: String,
        _ words: inout Words
    ) throws(StatementError) {
        switch verb {
        case "cut":
            if let link = words.link(), let from = link.from, let to = link.to {
                cuts.append((from, to))
            } else {
                try cutGroups(&words)
            }
        case "heal": cuts = []
        default:
            let node = try oneNode(&words)
            for peer in try nodeList(&words) {
                try step(node, .disconnected(nodes[peer - 1].voter.node))
            }
        }
        // What was on its way over a link that is cut is lost.
        let cuts = cuts
        mail.removeAll { letter in
            cuts.contains { $0 == (Int(letter.from.node.rawValue), letter.to) }
        }
    }

    /// `1 2 | 3 4 5`: nothing passes between the groups.
    private mutating func cutGroups(_ words: inout Words) throws(StatementError) {
        var groups = [try nodeList(&words)]
        while words.take("|") { groups.append(try nodeList(&words)) }
        guard groups.count > 1 else { throw words.error("'|' and another group") }
        for (index, group) in groups.enumerated() {
            for other in groups.indices where other != index {
                for from in group { cuts += groups[other].map { (from, $0) } }
            }
        }
    }
}
