// SPDX-License-Identifier: Apache-2.0
import CatalogCore
import Coordination
import LogStorage
import Primitives
import RaftCore
import SystemIO
import SystemPackage
import Testing

extension ClusterTests {
    /// Voters whose disks lose what was durable.
    @Suite struct LogLossTests {
        static var limits: CoordinationLimits {
            var limits = CoordinationLimits()
            limits.scrubIntervalMS = 50
            limits.logSegmentBytes = 64 << 10
            return limits
        }

        /// Goal: what the scrub has found is known to the next start, whenever the process dies.
        ///
        /// Method: a sector of a voter's log is lost while it runs, and the process crashes before it can
        /// do anything about it. Then the sector is put back, as a disk may show what it had lost: were
        /// it not written down, the log would look whole.
        @Test func whatTheScrubFoundOutlivesACrash() async throws {
            try await TestCluster.run(count: 3, limits: Self.limits) { cluster in
                try await cluster[0].write(put("/a"))
                let victim = cluster[2]
                let kept = try victim.zeroSector(at: 512)
                try await eventually("the finding is on the disk") { victim.isCondemned }
                await victim.stop(.crash)
                try victim.write(kept, at: 512)
                try await victim.start()
                #expect(victim.lostStore?.voter.node == NodeID(3))
                #expect(!victim.isCondemned, "the note goes with the store")
                try await eventually("it votes as another node", within: .seconds(30)) {
                    try victim.isVoter && victim.node.readiness() == .ready
                }
                #expect(try await victim.read("/a") != nil)
            }
        }
    }
}

extension TestWorker {
    private var segment: FilePath { directory.appending("log/segment-0000000000000001") }

    var isCondemned: Bool { (try? FileStatus(of: directory.appending("condemned"))) != nil }

    /// Makes a sector of the log's first file read as if it had never been written; returns what it held.
    func zeroSector(at offset: Int) throws -> [UInt8] {
        let kept = try File(segment, .read).read(at: offset, count: 512)
        try write([UInt8](repeating: 0, count: 512), at: offset)
        return kept
    }

    func write(_ bytes: [UInt8], at offset: Int) throws {
        try File(segment, .update).write(bytes, at: offset)
    }
}
