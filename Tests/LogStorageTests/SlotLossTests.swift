// SPDX-License-Identifier: Apache-2.0
import LogStorage
import Primitives
import RaftCore
import SimulationKit
import Testing

@Suite struct SlotLossTests {
    /// Goal: no start loses both copies of term and vote, whatever the start before it was ended by.
    ///
    /// Method: one copy is torn. A first start ends with a sync that fails, so that what it wrote is
    /// in the page cache alone; a second one, which sees that, is cut off by a loss of power.
    @Test(arguments: [0, 1]) func noStartLosesBothCopies(torn slot: Int) throws {
        var image = try LogImage.make([write(1...3, term: 2, vote: 5), write(term: 3)])
        image.flip("hard-state", slot * 4_096 + 10)
        var readCount = 0
        for failing in 0..<14 {
            for cut in 0..<14 {
                for seed in 0..<UInt64(4) {
                    let directory = CrashDirectory(files: image.files)
                    directory.syncFailsFrom = failing
                    _ = try? CrashTests.open(directory)
                    directory.syncFailsFrom = .max
                    directory.crashAt = directory.operationCount + cut
                    _ = try? CrashTests.open(directory)

                    var generator = SplitMix64(seed: seed)
                    let left = directory.image(using: &generator)
                    let found = try CrashTests.open(left).1
                    #expect(found.hardState == HardState(term: Term(3), vote: nil))
                    readCount += 1
                }
            }
        }
        #expect(readCount == 14 * 14 * 4)
    }
}
