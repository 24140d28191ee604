// SPDX-License-Identifier: Apache-2.0

import Primitives
import RaftCore

/// The state machine of a scenario: the names of the commands applied, in order.
struct CommandMachine: Equatable {
    private(set) var applied = LogIndex.zero
    private(set) var names: [String] = []

    init() {}

    mutating func apply(_ entry: LogEntry) {
        applied = entry.index
        if entry.kind == .command { names.append(Self.name(entry)) }
    }

    static func payload(_ name: String) -> [UInt8] { Array(name.utf8) }

    static func name(_ entry: LogEntry) -> String { String(decoding: entry.payload, as: UTF8.self) }

    /// What it holds, in eight bytes.
    var digest: StateDigest { StateDigest(index: applied, value: XXH64.hash(state)) }

    /// A bit of its memory turns.
    mutating func flip() {
        guard let last = names.last?.utf8.first else { return }
        names[names.count - 1] = String(decoding: [last ^ 2], as: UTF8.self)
    }

    // MARK: - Snapshots

    var state: [UInt8] { Array(names.joined(separator: " ").utf8) }

    init(state: [UInt8], at index: LogIndex) {
        applied = index
        names = String(decoding: state, as: UTF8.self).split(separator: " ").map(String.init)
    }
}
