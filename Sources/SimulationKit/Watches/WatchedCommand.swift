// SPDX-License-Identifier: Apache-2.0

import CatalogCore
import Primitives
import RaftCore

/// What the commands of a simulated world change, for those who watch.
///
/// Each command is one revision and changes one to three keys. It is a function of the entry and its
/// revision, so every node says the same of it, and so does the chronicle.
enum WatchedCommand {
    /// The most revisions a node keeps: few, so that watchers meet the end of the history.
    static let revisionLimit = 60

    static func changes(of entry: LogEntry, at revision: Revision) -> [CatalogChange] {
        guard let command = RegisterCommand(entry) else { return [] }
        let count = 1 + Int(command.operation % 3)
        return (0..<count).map { number in
            CatalogChange(
                revision: revision,
                key: key(command, number),
                value: nil,
                hasMore: number + 1 < count
            )
        }
    }

    /// The names of the registers, sorted into families that a prefix can tell apart.
    private static let names = (0..<RegisterMachine.keyCount).map {
        ByteString("mounts//\($0 % 4)/\($0)/")
    }

    /// Ends with the operation, so that one change is never taken for another.
    private static func key(_ command: RegisterCommand, _ number: Int) -> ByteString {
        var bytes = names[(command.key + number) % names.count].bytes
        for shift in stride(from: 0, to: 32, by: 8) {
            bytes.append(UInt8(truncatingIfNeeded: command.operation >> UInt64(shift)))
        }
        return ByteString(bytes)
    }

    /// A history that begins behind `revision`.
    static func history(after revision: Revision) -> ChangeHistory {
        ChangeHistory(after: revision, revisionLimit: revisionLimit, byteLimit: .max)
    }
}
