// SPDX-License-Identifier: Apache-2.0
import Codecs
import NIOCore
import PageStorage
import PlacementCore
import Primitives
import Testing
import WorkerRuntime

struct FillTableTests {
    private static func object(_ number: UInt64) -> ObjectIdentity {
        ObjectIdentity(
            origin: OriginID(number),
            key: "k",
            version: "v",
            byteCount: UInt64(64 * pageBytes)
        )
    }

    @Test func whoWaitsForRoomIsWokenByAReleaseOrByTheClock() async {
        let table = FillTable()
        let object = Self.object(1)
        #expect(await table.room(until: .now), "there is room")
        var runs: [(FillTable.Run, ObjectIdentity)] = []
        for number in UInt64(1)...8 {
            let object = Self.object(number)
            let claim = table.claim(0..<64, of: object, runLength: 64, urgency: .first) { _ in false
            }
            runs += claim.runs.map { ($0, object) }
        }
        #expect(table.count == FillTable.pageLimit)
        #expect(await !table.room(until: .now + .milliseconds(20)))
        async let waiting = table.room(until: .now + .seconds(60))
        table.release(runs[0].0, of: object)
        #expect(await waiting)
        for (run, object) in runs.dropFirst() { table.release(run, of: object) }
    }

    /// Goal: the table's invariants under any order of claims, storings and releases.
    ///
    /// Method: a model that is a set of pages in flight and a set of pages stored.
    @Test(arguments: UInt64(1)...30) func anyOrderKeepsTheInvariants(seed: UInt64) {
        struct Page: Hashable {
            let object: ObjectIdentity
            let number: UInt32
        }
        var random = SplitMix64(seed: seed)
        let table = FillTable()
        var inFlight: [Page: PageFill] = [:]
        var stored: Set<Page> = []
        var running: [(run: FillTable.Run, object: ObjectIdentity)] = []
        var fullCount = 0
        for _ in 0..<600 {
            if random.chance(percent: 30), let index = running.indices.randomElement(using: &random)
            {
                let (run, object) = running.remove(at: index)
                for number in run.pages {
                    let page = Page(object: object, number: number)
                    if random.chance(percent: 40) { stored.insert(page) }
                    inFlight[page] = nil
                }
                table.release(run, of: object)
                continue
            }
            let object = Self.object(random.next() % 20)
            let start = UInt32.random(in: 0..<64, using: &random)
            let window = start..<min(64, start + UInt32.random(in: 0...16, using: &random))
            let length = Int.random(in: 1...8, using: &random)
            let urgency: FillTable.Urgency = random.chance(percent: 50) ? .first : .ahead
            let limit = urgency == .first ? FillTable.pageLimit : FillTable.aheadLimit
            let claim = table.claim(window, of: object, runLength: length, urgency: urgency) {
                #expect(inFlight[Page(object: object, number: $0)] == nil, "asked for nothing")
                return stored.contains(Page(object: object, number: $0))
            }
            let before = inFlight.count
            for run in claim.runs {
                #expect(run.pages.count == run.fills.count && !run.pages.isEmpty)
                #expect(run.pages.count <= length, "seed \(seed)")
                for (number, fill) in zip(run.pages, run.fills) {
                    let page = Page(object: object, number: number)
                    #expect(window.contains(number) && !stored.contains(page))
                    #expect(inFlight[page] == nil, "twice, seed \(seed)")
                    inFlight[page] = fill
                }
                running.append((run, object))
            }
            let left = window.filter { number in
                let page = Page(object: object, number: number)
                return inFlight[page] == nil && !stored.contains(page)
            }
            if !left.isEmpty {
                fullCount += 1
                #expect(
                    inFlight.count == max(limit, before),
                    "left out \(left) with room, seed \(seed)"
                )
            }
            if let first = window.first {
                #expect(claim.first === inFlight[Page(object: object, number: first)])
                #expect(table.fill(of: first, in: object) === claim.first)
            }
            #expect(table.count == inFlight.count)
            #expect(table.count <= FillTable.pageLimit)
        }
        for (run, object) in running { table.release(run, of: object) }
        #expect(table.count == 0)
        if seed == 1 { #expect(fullCount > 0, "never full: the bound was not tested") }
    }

    @Test func everybodyWhoWaitsIsWokenOnce() async {
        let fill = PageFill()
        let page = FilledPage(bytes: ByteBuffer(bytes: [1, 2, 3]), checksum: 9)
        await withTaskGroup(of: Int.self) { group in
            for _ in 0..<100 {
                group.addTask {
                    guard case .success(let page) = await fill.outcome() else { return 0 }
                    return page.bytes.readableBytes
                }
            }
            group.addTask {
                fill.finish(.success(page))
                return 3
            }
            for await count in group { #expect(count == 3) }
        }
        guard case .success = await fill.outcome() else {
            Issue.record("who comes late gets it too")
            return
        }
    }
}
