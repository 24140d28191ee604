// SPDX-License-Identifier: Apache-2.0

import LogStorage
import Primitives
import RaftCore

/// What a loss of power now would leave of a log at worst, kept up to date as the log is written.
///
/// Read by the production recovery from what was synced, and nothing else. A look after a write
/// reads what the write added. Of segments that were read before none is scanned again as long as the
/// directory says that nothing of it has changed. After some 100 looks all is read anew in any case,
/// and the two must agree.
struct DurableLook {
    private let identity: LogIdentity
    private let options: LogStorage.Options
    private let directory: CrashDirectory
    private var reading: LogReading?
    private var refusal: LogStorageError?
    private var operationCount = -1
    private var namesVersion = -1
    /// Looks until all is read again.
    private var looksLeft = 0

    private static let leastLooks = 64
    /// Reading all again costs a part of what reading on has cost since, however long the log is.
    private static let looksPerBatch = 4

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

    /// The last segment's name, and where its last batch may begin at the latest, in bytes.
    mutating func lastBatchStart() -> (name: String, offset: Int)? {
        refresh()
        return reading.map { ($0.tailName, $0.lastBatchStart) }
    }

    private mutating func refresh() {
        guard operationCount != directory.operationCount else { return }
        operationCount = directory.operationCount
        let changes = directory.takeDurableChanges()
        guard let reading else { return readAll() }
        do throws(LogStorageError) {
            try readOn(reading, changes)
        } catch {
            return readAll()
        }
        looksLeft -= 1
        if looksLeft <= 0 { compareWithAll() }
    }

    /// Reads what was written behind what was read, and what it takes to know the rest of the changes.
    private mutating func readOn(
        _ reading: LogReading,
        _ changes: [(name: String, range: Range<Int>)]
    ) throws(LogStorageError) {
        var growth = LogReading.Growth()
        var changed: [String] = []
        for change in changes {
            if change.name == LogReading.hardStateName {
                growth.hasHardState = true
            } else if change.name == reading.tailName, change.range.lowerBound >= reading.tailEnd {
                growth.tailEnd = max(growth.tailEnd ?? 0, change.range.upperBound)
            } else {
                changed.append(change.name)
            }
        }
        try reading.readOn(growth)
        guard !changed.isEmpty || namesVersion != directory.durableNamesVersion else { return }
        namesVersion = directory.durableNamesVersion
        try reading.readAgain(changed: changed)
    }

    private mutating func compareWithAll() {
        let goneOn = reading.map { LogContent($0) }
        readAll()
        let whole = reading.map { LogContent($0) }
        precondition(
            goneOn == whole,
            "read on: \(goneOn?.summary ?? ""), whole: \(whole?.summary ?? "")"
        )
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
        looksLeft = max(Self.leastLooks, Self.looksPerBatch * (reading?.wholeBatchCount ?? 0))
    }
}
