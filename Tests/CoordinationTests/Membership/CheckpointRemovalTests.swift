// SPDX-License-Identifier: Apache-2.0
import CatalogCore
import Coordination
import Dispatch
import LogStorage
import Primitives
import Synchronization
import TestKit
import Testing

@Suite(.timeLimit(.minutes(1)))
struct CheckpointRemovalTests {
    /// Goal: of a catalog that is found wrong while it is written down, nothing stays.
    ///
    /// Method: the removal is asked for while the save has just taken its catalog.
    @Test func whatIsBeingWrittenIsRemovedToo() async throws {
        let scratch = try ScratchDirectory()
        let directory = try DataDirectory(at: scratch.path, name: "w1") { testStore(1) }
        let store = MembershipStore(directory: directory)
        var catalog = Catalog()
        _ = catalog.apply(genesis())
        let (isTaken, isAsked) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))

        let removal = Mutex<Result<Void, any Error>?>(nil)
        DispatchQueue.global().async {
            isTaken.wait()
            isAsked.signal()
            let result = Result { try store.removeCheckpoint() }
            removal.withLock { $0 = result }
        }
        try store.saveCheckpoint {
            isTaken.signal()
            isAsked.wait()
            return (catalog, LogIndex(9))
        }
        try await eventually("it was removed") { removal.withLock { $0 != nil } }
        try removal.withLock { try $0?.get() }
        #expect(try CheckpointFile(directory.path).load() == nil)

        try store.saveCheckpoint { nil }
        #expect(try CheckpointFile(directory.path).load() == nil)
        try store.saveCheckpoint { (catalog, LogIndex(3)) }
        #expect(try CheckpointFile(directory.path).load()?.index == LogIndex(3), "no less counts")
    }
}
