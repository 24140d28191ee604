// SPDX-License-Identifier: Apache-2.0
package import Primitives

/// One committed command as the feed carries it.
package struct AppliedCommand: Sendable, Hashable {
    package let index: LogIndex
    /// The encoded ``CatalogCommand``.
    package let payload: [UInt8]

    package init(index: LogIndex, payload: [UInt8]) {
        self.index = index
        self.payload = payload
    }
}

/// The newest applied commands, kept so that followers of the feed need no snapshot after a pause.
///
/// Invariant: indices grow; everything behind ``horizon`` that was applied is here. Indices may have
/// gaps: no-ops and voter sets are not commands.
package struct AppliedLog: Sendable {
    private var commands: ArraySlice<AppliedCommand> = []
    /// Bytes of the commands kept.
    package private(set) var byteCount = 0
    /// Commands at and before this index are gone.
    package private(set) var horizon: LogIndex

    private let countLimit: Int
    private let byteLimit: Int

    package init(horizon: LogIndex, countLimit: Int = 20_000, byteLimit: Int = 16 << 20) {
        self.horizon = horizon
        self.countLimit = countLimit
        self.byteLimit = byteLimit
    }

    package mutating func append(_ command: AppliedCommand) {
        precondition(command.index > (commands.last?.index ?? horizon), "index \(command.index)")
        commands.append(command)
        byteCount += command.payload.count
        while commands.count > countLimit || byteCount > byteLimit {
            guard let oldest = commands.popFirst() else { return }
            byteCount -= oldest.payload.count
            horizon = oldest.index
        }
    }

    /// Up to `limit` commands behind `index`, and `byteLimit` bytes of them unless it is one alone;
    /// `nil` when some of them are gone.
    package func commands(
        after index: LogIndex,
        limit: Int,
        byteLimit: Int = .max
    ) -> [AppliedCommand]? {
        guard index >= horizon else { return nil }
        var low = commands.startIndex
        var high = commands.endIndex
        while low < high {
            let middle = (low + high) / 2
            if commands[middle].index <= index { low = middle + 1 } else { high = middle }
        }
        var left = byteLimit
        let fitting = commands[low...].prefix(limit).prefix { command in
            left -= command.payload.count
            return left >= 0
        }
        return fitting.isEmpty ? Array(commands[low...].prefix(min(limit, 1))) : Array(fitting)
    }

    package var newest: LogIndex { commands.last?.index ?? horizon }
}
