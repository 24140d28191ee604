// SPDX-License-Identifier: Apache-2.0
import PageStorage
import Primitives
import SystemPackage
import Testing

@Suite struct EvictionQueueTests {
    /// SIEVE over a plain array, oldest first, with no links to get wrong.
    private struct Model {
        var items: [(name: Int, byteCount: UInt64, read: UInt64)] = []
        var hand: Int?  // a name

        mutating func evict() -> Int? {
            guard !items.isEmpty else { return nil }
            var index = hand.flatMap { name in items.firstIndex { $0.name == name } } ?? 0
            while items[index].read > items[index].byteCount {
                items[index].read = 0
                index = (index + 1) % items.count
            }
            hand = index + 1 < items.count ? items[index + 1].name : nil
            return items.remove(at: index).name
        }

        mutating func remove(_ name: Int) {
            guard let index = items.firstIndex(where: { $0.name == name }) else { return }
            if hand == name { hand = index + 1 < items.count ? items[index + 1].name : nil }
            items.remove(at: index)
        }
    }

    /// Goal: the linked queue evicts exactly what the definition does.
    @Test(arguments: UInt64(1)...30) func agreesWithAnArray(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var queue = EvictionQueue<Int>()
        var model = Model()
        var tickets: [EvictionQueue<Int>.Ticket] = []
        var evictionCount = 0
        for step in 0..<400 {
            let name = Int.random(in: 0..<max(tickets.count, 1), using: &random)
            let byteCount = UInt64.random(in: 1...100, using: &random)
            let index = model.items.firstIndex { $0.name == name }
            switch Int.random(in: 0..<10, using: &random) {
            case 0..<3:
                model.items.append((tickets.count, byteCount, 0))
                tickets.append(queue.insert(tickets.count, byteCount: byteCount))
            case 3..<6 where !tickets.isEmpty:
                queue.touch(tickets[name], byteCount: byteCount)
                if let index { model.items[index].read += byteCount }
            case 6 where !tickets.isEmpty:
                queue.grow(tickets[name], by: byteCount)
                if let index { model.items[index].byteCount += byteCount }
            case 7 where !tickets.isEmpty:
                queue.remove(tickets[name])
                model.remove(name)
            default:
                let victim = queue.evict()
                #expect(victim == model.evict(), "seed \(seed), step \(step)")
                if victim != nil { evictionCount += 1 }
            }
            #expect(queue.count == model.items.count)
        }
        #expect(evictionCount > 20, "seed \(seed) tested nothing")
    }

    /// Goal: what is read again and again survives any number of objects read once.
    @Test func aScanEvictsOnlyItself() {
        var queue = EvictionQueue<String>()
        let hot = queue.insert("hot", byteCount: 10)
        for number in 0..<100 {
            let scanned = queue.insert("scan \(number)", byteCount: 10)
            for _ in 0..<10 { queue.touch(scanned, byteCount: 1) }  // one pass, in small reads
            for _ in 0..<20 { queue.touch(hot, byteCount: 1) }
            if queue.count > 5 { #expect(queue.evict() != "hot") }
        }
    }

    // swift-format-ignore
    @Test(arguments: [
        ([Errno.ioError, .ioError, .ioError],                    true),
        ([.ioError, .ioError],                                   false),
        ([.noSpace, .noSpace, .noSpace, .noSpace],               false),
        ([.readOnlyFileSystem, .ioError, .noSpace, .ioError],    true),
    ] as [([Errno], Bool)])
    func repeatedFailuresIsolate(failures: [Errno], isIsolated: Bool) {
        var faults = FaultCounter()
        for errno in failures { faults.failed(errno) }
        #expect((faults.isolatedBy != nil) == isIsolated)
    }

    @Test func rareFailuresDoNot() {
        var faults = FaultCounter()
        for _ in 0..<50 {
            faults.failed(.ioError)
            for _ in 0..<8 { faults.succeeded() }
        }
        #expect(faults.isolatedBy == nil)
    }
}
