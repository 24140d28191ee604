// SPDX-License-Identifier: Apache-2.0
import CatalogCore
import Coordination
import Primitives
import Testing

@Suite(.timeLimit(.minutes(1)))
struct WatchCursorTests {
    /// A replica and everything that was ever applied to it.
    final class History: Sendable {
        let replica = CatalogReplica()

        /// Applies `count` random commands; returns their changes as the catalog alone says.
        func run(count: Int, seed: UInt64) async -> [CatalogChange] {
            var random = SplitMix64(seed: seed)
            var shadow = Catalog()
            var changes: [CatalogChange] = []
            var node: UInt64 = 10
            for number in 0..<count {
                let command: CatalogCommand
                switch number == 0 ? 0 : Int.random(in: 1...10, using: &random) {
                case 0: command = genesis()
                case 1:
                    node += 1
                    command = CatalogCommand(
                        operation: .register(registration("x\(node)", store: node))
                    )
                case 2:  // Two keys, one revision: worker and ring.
                    let id = shadow.workers.map(\.id).max() ?? NodeID(1)
                    command = CatalogCommand(operation: .activate(id))
                case 3: command = remove("/m\(Int.random(in: 0..<5, using: &random))")
                default: command = put("/m\(Int.random(in: 0..<5, using: &random))")
                }
                changes += shadow.apply(command).changes
                let index = LogIndex(UInt64(number) + 1)
                _ = replica.apply(command, index: index, payload: command.encode())
                if random.chance(percent: 30) { await Task.yield() }
            }
            return changes
        }
    }

    static let prefixes = ["", "mounts/", "mounts//m1", "workers/", "rings/ap", "none/"]

    static func request(_ random: inout SplitMix64, head: Revision) -> WatchRequest {
        let prefix = ByteString(prefixes.randomElement(using: &random) ?? "")
        switch Int.random(in: 0..<3, using: &random) {
        case 0: return WatchRequest(from: nil, includesState: true, prefix: prefix)
        case 1: return WatchRequest(from: nil, includesState: false, prefix: prefix)
        default:
            let from = UInt64.random(in: 1...head.rawValue + 20, using: &random)
            return WatchRequest(from: Revision(from), includesState: false, prefix: prefix)
        }
    }

    /// Reads until everything up to `head` was said, at a reader's own pace.
    static func read(
        _ cursor: WatchCursor,
        until head: @Sendable () -> Revision?,
        seed: UInt64
    ) async -> [WatchEvent] {
        var random = SplitMix64(seed: seed)
        let pause = Int.random(in: 0...40, using: &random)
        var events: [WatchEvent] = []
        while let more = await cursor.events() {
            #expect(!more.isEmpty)
            events += more
            if case .progress(let revision)? = more.last, let head = head(), revision >= head {
                break
            }
            for _ in 0..<(random.chance(percent: 10) ? pause : 0) { await Task.yield() }
        }
        return events
    }

    /// Goal: each guarantee of a watch for any watcher over any history.
    @Test(arguments: UInt64(1)...12)
    func everyWatcherGetsWhatIsPromised(seed: UInt64) async {
        let history = History()
        let replica = history.replica
        let ended = Waiters(reached: Revision.zero)
        var random = SplitMix64(seed: seed)
        let readers = (0..<12).map { number in
            let request = Self.request(&random, head: Revision(300))
            let readerSeed = random.next()
            return Task {
                if number % 2 == 1 {  // Half of them begin in the middle.
                    _ = await replica.wait(for: Revision(100), within: .seconds(30))
                }
                let before = replica.catalog.revision
                let cursor = WatchCursor(replica: replica, request: request)
                let after = replica.catalog.revision
                let events = await Self.read(
                    cursor,
                    until: { ended.reached == .zero ? nil : ended.reached },
                    seed: readerSeed
                )
                return (request, before, after, events)
            }
        }
        let truth = await history.run(count: 500, seed: seed)
        ended.advance(to: replica.catalog.revision)
        // One more change wakes those who read to the end before the end was known.
        let last = put("/last")
        _ = replica.apply(last, index: LogIndex(1000), payload: last.encode())
        var shadow =
            replica.catalog.mount(at: "/last").map { entry in
                [
                    CatalogChange(
                        revision: entry.modRevision,
                        key: CatalogKey.mount("/last"),
                        value: .mount(entry),
                        hasMore: false
                    )
                ]
            } ?? []
        shadow = truth + shadow

        var seenCount = 0
        for reader in readers {
            let (request, before, after, events) = await reader.value
            seenCount += events.count
            // Where the watch began is known only to within the changes made meanwhile.
            let starts = (before.rawValue...after.rawValue).map(Revision.init)
            let verdicts = starts.map { start in
                WatchValidators(
                    request: request,
                    truth: shadow,
                    stateRevision: start,
                    events: events
                ).violations
            }
            #expect(verdicts.contains([]), "seed \(seed), \(request): \(verdicts.first ?? [])")
        }
        #expect(truth.count > 200 && seenCount > truth.count, "something was tested")
    }

    /// Goal: the state and what follows give every live key its true value, without a gap.
    @Test(arguments: UInt64(1)...6)
    func stateAndStreamTogetherAreTheCatalog(seed: UInt64) async {
        let history = History()
        _ = await history.run(count: 60, seed: seed)
        let cursor = WatchCursor(
            replica: history.replica,
            request: WatchRequest(from: nil, includesState: true, prefix: ByteString())
        )
        for number in 0..<40 {
            let command = number % 3 == 0 ? remove("/m\(number % 5)") : put("/m\(number % 5)")
            let index = LogIndex(UInt64(1000 + number))
            _ = history.replica.apply(command, index: index, payload: command.encode())
        }
        let head = history.replica.catalog.revision
        var held: [ByteString: CatalogValue] = [:]
        for event in await Self.read(cursor, until: { head }, seed: seed) {
            switch event {
            case .state(let key, let value, _): held[key] = value
            case .change(let change): held[change.key] = change.value
            case .progress, .closed: break
            }
        }
        let live = history.replica.catalog.liveKeys(prefix: ByteString())
        #expect(held.count == live.count)
        for entry in live { #expect(held[entry.key] == entry.value, "\(entry.key) seed \(seed)") }
    }

    @Test func aWatcherBehindARestoreIsClosedAndToldWhereToGoOn() async {
        let history = History()
        _ = await history.run(count: 20, seed: 1)
        let behind = WatchCursor(
            replica: history.replica,
            request: WatchRequest(from: Revision(1), includesState: false, prefix: ByteString())
        )
        #expect(await behind.events() != nil)
        var newer = history.replica.catalog
        for number in 0..<10 { _ = newer.apply(put("/n\(number)")) }
        history.replica.restore(newer, at: LogIndex(500))

        let events = await Self.read(behind, until: { nil }, seed: 1)
        guard case .closed(let next) = events.last else {
            Issue.record("not closed: \(String(describing: events.last))")
            return
        }
        #expect(next <= newer.revision)
        #expect(await behind.events() == nil)
    }

    @Test func aWatcherAtTheHeadSurvivesARestoreOfTheSameRevision() async {
        let history = History()
        _ = await history.run(count: 20, seed: 1)
        let catalog = history.replica.catalog
        let atHead = WatchCursor(
            replica: history.replica,
            request: WatchRequest(from: nil, includesState: false, prefix: ByteString())
        )
        history.replica.restore(catalog, at: LogIndex(500))
        let next = put("/after")
        _ = history.replica.apply(next, index: LogIndex(501), payload: next.encode())
        guard case .change(let change)? = await atHead.events()?.first else {
            Issue.record("no change")
            return
        }
        #expect(change.revision == catalog.revision.next)
    }

    @Test func aCancelledWatcherEnds() async {
        let history = History()
        _ = await history.run(count: 5, seed: 1)
        let stream = WatchCursor(
            replica: history.replica,
            request: WatchRequest(from: Revision(9999), includesState: false, prefix: ByteString())
        )
        let reading = Task {
            var count = 0
            while await stream.events() != nil { count += 1 }
            return count
        }
        reading.cancel()
        #expect(await reading.value <= 1)
    }

    /// Goal: whoever waits is sent away at once, whoever comes later at the door.
    @Test func aWatchThatIsEndedFromOutsideEndsAtOnce() async {
        let history = History()
        _ = await history.run(count: 5, seed: 1)
        let ahead = WatchRequest(from: Revision(9999), includesState: false, prefix: ByteString())
        for turn in 0..<200 {
            let stream = WatchCursor(replica: history.replica, request: ahead)
            let reading = Task { await stream.events() }
            for _ in 0..<turn % 7 { await Task.yield() }
            stream.end()
            #expect(await reading.value == nil, "and not when it was time for progress")
            #expect(await stream.events() == nil)
        }
    }
}
