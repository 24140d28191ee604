// SPDX-License-Identifier: Apache-2.0

import LogStorage
import Primitives
import RaftCore

/// What a loss of power now would leave of a log at worst, kept up to date as the log is written.
///
/// Read by the production recovery from what was synced, and nothing else. A look after a write
/// reads what the write added. What was read before is not read again as long as the directory says
/// that nothing of it has changed; otherwise, and every ``wholeEvery``th time, all is read anew, and
/// the two must agree.
struct DurableLook {
    private let identity: LogIdentity
    private let options: LogStorage.Options
    private let directory: CrashDirectory
    private var reading: LogReading?
    private var refusal: LogStorageError?
    private var operationCount = -1
    private var namesVersion = -1
    private var lookCount = 0

    private static let wholeEvery = 64

    init(at directory: CrashDirectory, identity: LogIdentity, options: LogStorage.Options) {
        self.directory = directory
        self.identity = identity
        self.options = options
    }

    /// Whether the entry, or a snapshot that covers it, would be left.
    mutating func holds(_ position: LogPosition) -> Bool {
        refresh()
        return reading?.holds(position) ?? false
    }

    /// Everything that would be left.
    mutating func content() -> LogContent {
        refresh()
        if let refusal { return LogContent(refusal: refusal) }
        guard let reading else { preconditionFailure("neither read nor refused") }
        return LogContent(reading)
    }

    private mutating func refresh() {
        guard operationCount != directory.operationCount else { return }
        operationCount = directory.operationCount
        lookCount += 1
        guard canReadOn() else { return readAll() }
        do throws(LogStorageError) {
            try reading?.readOn()
        } catch {
            return readAll()
        }
        if lookCount % Self.wholeEvery == 0 {
            let goneOn = content()
            readAll()
            let whole = content()
            precondition(goneOn == whole, "read on: \(goneOn.summary), whole: \(whole.summary)")
        }
    }

    /// Whether nothing changed but the hard state and what follows the last batch read.
    private mutating func canReadOn() -> Bool {
        let changes = directory.takeDurableChanges()
        guard let reading, namesVersion == directory.durableNamesVersion else { return false }
        return changes.allSatisfy { change in
            change.name == LogReading.hardStateName
                || (change.name == reading.tailName && change.firstByte >= reading.tailEnd)
        }
    }

    private mutating func readAll() {
        namesVersion = directory.durableNamesVersion
        (reading, refusal) = (nil, nil)
        do throws(LogStorageError) {
            reading = try LogReading(
                in: DurableDirectory(directory),
                identity: identity,
                options: options
            )
        } catch {
            refusal = error
        }
    }
}
