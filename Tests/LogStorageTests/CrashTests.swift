// SPDX-License-Identifier: Apache-2.0
import LogStorage
import Primitives
import RaftCore
import SimulationKit
import Testing

/// Goal: whatever a crash leaves, the log opens, and nothing that was acknowledged is missing.
///
/// Method: each pattern is cut off at every single operation it performs; each time several images
/// are drawn of what the disk may hold then (any subset of the unsynced sectors and names). Every
/// image must open as the state before or after the step that was cut off, take one more write, and
/// open again with it.
@Suite struct CrashTests {
    struct Pattern: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let steps: [LogModel.Step]

        init(_ name: String, _ steps: [LogModel.Step]) {
            testDescription = name
            self.steps = steps
        }
    }

    /// Images that each pattern is rebuilt into at least.
    static let imageCount: UInt64 = 500

    // swift-format-ignore
    static let patterns: [Pattern] = [
        Pattern("append", [
            write(1...3, term: 1), write(4...4, term: 1), write(5...9, term: 1), write(10...10, term: 1),
        ]),
        Pattern("roll", [
            write(1...4, term: 1, byteCount: 600), write(5...8, term: 1, byteCount: 600),
            write(9...12, term: 1, byteCount: 600), write(13...13, term: 1, byteCount: 3000),
        ]),
        Pattern("hard state", [
            write(term: 1, vote: 5), write(term: 2), write(term: 2, vote: 6), write(1...1, term: 3),
            write(term: 4, vote: 5),
        ]),
        Pattern("truncate", [
            write(1...9, term: 1), write(5...6, term: 2, truncateFrom: 5),
            write(term: 3, truncateFrom: 6), write(6...12, term: 4, byteCount: 300),
            write(2...3, term: 5, truncateFrom: 2),
        ]),
        Pattern("own snapshot", [
            write(1...9, term: 1, byteCount: 300), .snapshot(position(5, 1), byteCount: 900),
            .compact(LogIndex(5)), write(10...18, term: 1, byteCount: 300),
            .snapshot(position(14, 1), byteCount: 2000), .compact(LogIndex(14)),
            write(19...24, term: 2, byteCount: 300), .snapshot(position(20, 2), byteCount: 10),
            .compact(LogIndex(20)),
        ]),
        Pattern("leader's snapshot", [
            write(1...9, term: 1), .snapshot(position(50, 3), byteCount: 900),
            write(51...53, term: 3), write(54...60, term: 4, byteCount: 300),
            .snapshot(position(58, 5), byteCount: 700), write(59...59, term: 6),
        ]),
        Pattern("truncated below the snapshot", [
            write(1...9, term: 1), .snapshot(position(5, 1), byteCount: 10),
            write(6...7, term: 2, truncateFrom: 1), write(term: 3, truncateFrom: 5),
            .snapshot(position(50, 3), byteCount: 900), write(51...53, term: 3, truncateFrom: 1),
            write(51...52, term: 4, truncateFrom: 50), .reopen, write(51...51, term: 5, truncateFrom: 51),
        ]),
        Pattern("reopen", [
            write(1...5, term: 1, byteCount: 300), .reopen, write(6...6, term: 2), .reopen,
            .snapshot(position(4, 1), byteCount: 100), .reopen, .compact(LogIndex(4)), .reopen,
        ]),
    ]

    @Test(arguments: patterns) func everyCutLeavesAWholeLog(_ pattern: Pattern) throws {
        let whole = try Self.run(pattern, on: CrashDirectory())
        #expect(whole.isFinished)
        let cuts = whole.created..<whole.directory.operationCount
        let perCut = Self.imageCount / UInt64(cuts.count) + 1
        var imageCount: UInt64 = 0
        var openings: Set<String> = []
        for cut in cuts {
            for seed in 0..<perCut {
                let directory = CrashDirectory()
                directory.crashAt = cut
                let run = try Self.run(pattern, on: directory)
                #expect(!run.isFinished)
                var generator = SplitMix64(seed: UInt64(cut) << 32 | seed)
                let image = directory.image(using: &generator)
                let problem = Self.problem(run, image) { openings.insert($0) }
                #expect(problem == nil, "cut \(cut), seed \(seed)")
                imageCount += 1
            }
        }
        #expect(imageCount >= Self.imageCount)
        #expect(openings.count > 1, "no image needed a repair: \(openings)")
    }

    /// The method itself: a sync that is left out must show in one of the images.
    ///
    /// Every sync of every pattern is left out once; at least a quarter must show within a few images.
    /// The others are those that nothing yet hangs on, such as a removed file's, or that another says
    /// again, such as a slot's while the log holds the same term.
    @Test(arguments: patterns) func aSyncLeftOutIsFound(_ pattern: Pattern) throws {
        let counter = ForgetfulDirectory(CrashDirectory())
        let whole = try Self.run(pattern, on: counter.directory, through: counter)
        var found: Set<Int> = []
        for dropped in 0..<counter.syncCount {
            for seed in 0..<UInt64(12) where !found.contains(dropped) {
                let forgetful = ForgetfulDirectory(CrashDirectory(), leavingOut: dropped)
                // At the end, and wherever else it may show.
                let last = whole.directory.operationCount
                if seed > 0 { forgetful.directory.crashAt = last - Int(seed * 7) % last }
                var generator = SplitMix64(seed: UInt64(dropped) << 32 | seed)
                guard
                    let run = try? Self.run(pattern, on: forgetful.directory, through: forgetful),
                    run.created > 0
                else { continue }
                let image = forgetful.directory.image(using: &generator)
                if Self.problem(run, image, { _ in }) != nil { found.insert(dropped) }
            }
        }
        #expect(found.count * 4 >= counter.syncCount, "\(found.count) of \(counter.syncCount)")
    }

    @Test(arguments: patterns) func recoveryMayBeCutOffToo(_ pattern: Pattern) throws {
        let whole = try Self.run(pattern, on: CrashDirectory())
        for cut in whole.created..<whole.directory.operationCount {
            let directory = CrashDirectory()
            directory.crashAt = cut
            let run = try Self.run(pattern, on: directory)
            var generator = SplitMix64(seed: UInt64(cut))
            let image = directory.image(using: &generator)
            for second in 0..<12 {
                let half = CrashDirectory(files: image.files)
                half.crashAt = second
                _ = try? LogStorage.open(in: half, identity: ownIdentity, options: tiny())
                let again = half.image(using: &generator)
                let problem = Self.problem(run, again) { _ in }
                #expect(problem == nil, "cut \(cut), then \(second)")
            }
        }
    }

    @Test func creationIsAllOrRepeatable() throws {
        var missing = 0
        for cut in 0..<30 {
            for seed in 0..<UInt64(8) {
                let directory = CrashDirectory()
                directory.crashAt = cut
                let didCreate = Result {
                    try LogStorage.create(in: directory, identity: ownIdentity, options: tiny())
                }
                var generator = SplitMix64(seed: UInt64(cut) << 32 | seed)
                let image = directory.image(using: &generator)
                do throws(LogStorageError) {
                    _ = try LogStorage.open(in: image, identity: ownIdentity, options: tiny())
                } catch {
                    #expect(error == .missing, "cut \(cut), seed \(seed)")
                    #expect(throws: (any Error).self) { try didCreate.get() }
                    try LogStorage.create(in: image, identity: ownIdentity, options: tiny())
                    missing += 1
                }
                let (_, log) = try LogStorage.open(
                    in: image,
                    identity: ownIdentity,
                    options: tiny()
                )
                #expect(log.entries.isEmpty && log.hardState == .initial)
            }
        }
        #expect(missing > 50)
    }

    // MARK: - Parts

    struct Run {
        let directory: CrashDirectory
        /// Operations until the log existed.
        var created = 0
        /// State after the last step that returned, and after the one that was cut off.
        var before = LogModel()
        var after = LogModel()
        var isFinished = false
    }

    /// Runs a pattern on `directory`; the log's calls go through `door` if there is one.
    static func run(
        _ pattern: Pattern,
        on directory: CrashDirectory,
        through door: (any LogDirectory)? = nil
    ) throws -> Run {
        var run = Run(directory: directory)
        let door = door ?? directory
        try LogStorage.create(in: door, identity: ownIdentity, options: tiny())
        run.created = directory.operationCount
        do throws(LogStorageError) {
            var (storage, _) = try open(door)
            for step in pattern.steps {
                run.after.apply(step)
                if step == .reopen { (storage, _) = try open(door) }
                try storage.perform(step)
                run.before = run.after
            }
            run.isFinished = true
        } catch {
            guard case .io = error else { throw error }
        }
        return run
    }

    static func open(
        _ directory: any LogDirectory
    ) throws(LogStorageError) -> (LogStorage, RecoveredLog) {
        try LogStorage.open(in: directory, identity: ownIdentity, options: tiny())
    }

    /// What is wrong with a log that a crash left; `nil` for one that is as it must be.
    ///
    /// It must open as the state before or after the step that was cut off, take one more write, and
    /// open again with it and without any repair.
    static func problem(_ run: Run, _ image: CrashDirectory, _ note: (String) -> Void) -> String? {
        do throws(LogStorageError) {
            let (storage, recovered) = try open(image)
            for repair in recovered.repairs { note(repair.finding.rawValue) }
            note("open")
            let found = LogModel(recovered)
            let states = [run.before.hardState, run.after.hardState]
            guard states.contains(found.hardState) else {
                return "\(found.hardState), not one of \(states)"
            }
            let isWhole = [run.before, run.after].contains {
                found.snapshot == $0.snapshot && found.entries == $0.entries
            }
            guard isWhole else { return "\(found), after \(run.before)" }

            let last = storage.lastIndex.rawValue
            let step = write(last + 1...last + 1, term: found.hardState.term.rawValue + 1)
            try storage.perform(step)
            var expected = found
            expected.apply(step)
            let (_, again) = try open(image)
            guard LogModel(again) == expected else { return "\(again), not \(expected)" }
            return again.repairs.isEmpty ? nil : "repaired again: \(again.repairs)"
        } catch {
            return "\(error)"
        }
    }
}
