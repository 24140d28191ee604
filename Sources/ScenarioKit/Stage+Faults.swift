// SPDX-License-Identifier: Apache-2.0

import Primitives
import RaftCore

/// Disks, state machines, and what ends and begins a process.
extension Stage {
    mutating func performDisk(_ verb: String, _ words: inout Words) throws(StatementError) {
        let node = try oneNode(&words)
        switch verb {
        case "disk": try steerDisk(node, &words)
        case "rot":
            let part = try words.next("a part of a file name")
            let offset = Int(try words.number("an offset in bytes"))
            guard nodes[node - 1].disk.rot(filesContaining: part, at: offset) > 0 else {
                throw words.error("a file with '\(part)' in its name")
            }
        case "lose":
            let part = try words.next("a part of a file name")
            guard nodes[node - 1].disk.lose(filesContaining: part) > 0 else {
                throw words.error("a file with '\(part)' in its name")
            }
        default:
            guard words.take("from") else { throw words.error("'from NODE'") }
            let other = try oneNode(&words)
            nodes[node - 1].disk.copyFiles(of: nodes[other - 1].disk)
        }
    }

    private mutating func steerDisk(_ node: Int, _ words: inout Words) throws(StatementError) {
        switch try words.next("what the disk does") {
        case "hold": nodes[node - 1].disk.isHeld = true
        case "go":
            nodes[node - 1].disk.isHeld = false
            try flush(node)
        case "flush": try flush(node, limit: words.isEmpty ? .max : Int(try words.number()))
        case "fails":
            nodes[node - 1].disk.failSyncs()
        default: throw words.error("'hold', 'go', 'flush' or 'fails'")
        }
    }

    mutating func performMachine(_ verb: String, _ words: inout Words) throws(StatementError) {
        let node = try oneNode(&words)
        if verb == "snapshot" { return try takeSnapshot(node) }
        if verb == "flip" { return nodes[node - 1].machine.flip() }
        switch try words.next("'hold' or 'go'") {
        case "hold": nodes[node - 1].isApplyingHeld = true
        case "go":
            nodes[node - 1].isApplyingHeld = false
            try applyBacklog(node)
        default: throw words.error("'hold' or 'go'")
        }
    }

    private mutating func takeSnapshot(_ node: Int) throws(StatementError) {
        guard let raft = nodes[node - 1].raft, let position = raft.position(at: raft.applied) else {
            throw StatementError(expected: "n\(node) to take a snapshot", found: summary(of: node))
        }
        let state = nodes[node - 1].machine.state
        let metadata = SnapshotMetadata(
            position: position,
            voters: raft.voters(at: raft.applied),
            byteCount: UInt64(state.count),
            checksum: CRC32C.checksum(state)
        )
        nodes[node - 1].disk.ask(.snapshot(metadata, state))
        if !nodes[node - 1].disk.isHeld { try flush(node) }
    }

    mutating func performLife(_ verb: String, _ words: inout Words) throws(StatementError) {
        if verb == "restart" {
            for node in try nodeList(&words) {
                guard nodes[node - 1].raft == nil else { throw words.error("a node that is down") }
                try start(node)
            }
            return
        }
        if verb == "tear" { return try tear(&words) }
        for node in try nodeList(&words) {
            nodes[node - 1].stop()
            guard verb == "wipe" else { continue }
            let voter = freshVoter(node)
            nodes[node - 1].replaceDisk(try disk(of: voter, first: nil), store: voter.store)
        }
    }

    /// `tear NODE OPERATIONS SEED`: power is lost during the write that waits.
    private mutating func tear(_ words: inout Words) throws(StatementError) {
        let node = try oneNode(&words)
        let count = Int(try words.number("how many operations the disk still does"))
        nodes[node - 1].disk.losePower(operationCount: count, seed: try words.number("a seed"))
        nodes[node - 1].stop()
    }
}
