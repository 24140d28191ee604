// SPDX-License-Identifier: Apache-2.0
import Primitives
import Testing
import tarn

@Suite struct RestingMemoryTests {
    // Shares of a core in percent, look by look, and whether memory is given back then.
    // swift-format-ignore
    static let lives: [(name: String, shares: [UInt64], isDue: [Bool])] = [
        ("rests from the start",      [2, 3, 2, 2, 2],      [true, true, true, true, false]),
        ("is busy, then rests",       [80, 150, 3, 2],      [false, false, true, true]),
        ("is busy again",             [3, 80, 9, 80, 2, 2], [true, false, true, false, true, true]),
        ("a tenth of a core is busy", [10, 10, 9],          [false, false, true]),
    ]

    @Test(arguments: lives)
    func memoryIsGivenBackInTheFirstQuietMoments(
        _ life: (name: String, shares: [UInt64], isDue: [Bool])
    ) {
        var used: UInt64 = 5_000_000_000
        var memory = RestingMemory(processorTime: used)
        var found: [Bool] = []
        for share in life.shares {
            used += RestingMemory.interval.milliseconds * 10_000 * share
            found.append(memory.isDue(processorTime: used))
        }
        #expect(found == life.isDue, "\(life.name)")
    }
}
