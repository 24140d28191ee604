// SPDX-License-Identifier: Apache-2.0
import ClientRuntime
import Codecs
import Origins
import PageStorage
import PageTransport
import Primitives
import Telemetry
import TestKit
import Testing
import WorkerRuntime

/// Goal: each miss has the reason why the page was not here.
@Suite(.serialized)
struct MissReasonTests {
    @Test func aPageThatWasEvictedIsMissedForThat() async throws {
        let rig = try PageRig(mebibytes: 4)
        let names = (0..<8).map { ByteString("f\($0)") }
        for name in names {
            _ = rig.put(name, byteCount: pageBytes)
            try await Self.read(name, rig)
        }
        #expect(Self.misses(rig) == ["cold": 8])
        let gone = names.filter {
            !rig.store.contains(rig.object($0, byteCount: pageBytes), page: 0)
        }
        #expect(gone.count >= 4)
        try await Self.read(gone[0], rig)
        #expect(Self.misses(rig) == ["cold": 8, "evicted": 1])
    }

    @Test func anotherVersionOfThePageIsStale() async throws {
        let rig = try PageRig()
        let byteCount = 2 * pageBytes
        _ = rig.put("x", byteCount: byteCount)
        for page in UInt32(0)..<2 { try await Self.read("x", rig, byteCount, page: page) }
        rig.origin.put("p/x", Array(repeating: 7, count: byteCount), version: "v2")
        for page in UInt32(0)..<2 {
            var request = rig.request("x", byteCount: byteCount, page: page)
            request.version = "v2"
            #expect(await rig.pages.read(request).bytes != nil)
        }
        #expect(Self.misses(rig) == ["cold": 2, "stale": 2])
    }

    @Test func whatTheDisksDoNotTakeIsNotAdmitted() async throws {
        let rig = try PageRig(mebibytes: 1)
        _ = rig.put("x", byteCount: 3 * pageBytes)
        let object = rig.object("x", byteCount: 3 * pageBytes)
        for _ in 0..<2 {
            for page in UInt32(0)..<3 where !rig.store.contains(object, page: page) {
                let request = rig.request("x", byteCount: 3 * pageBytes, page: page)
                #expect(await rig.pages.read(request).bytes != nil)
                #expect(await eventually { rig.pages.fetching == 0 })
            }
        }
        let misses = Self.misses(rig)
        #expect(misses["not-admitted", default: 0] > 0, "\(misses)")
    }

    /// Reads a page, and waits until it has been dealt with.
    private static func read(
        _ name: ByteString,
        _ rig: PageRig,
        _ byteCount: Int = pageBytes,
        page: UInt32 = 0
    ) async throws {
        let request = rig.request(name, byteCount: byteCount, page: page)
        #expect(await rig.pages.read(request).bytes != nil)
        #expect(await eventually { rig.pages.fetching == 0 })
    }

    private static func misses(_ rig: PageRig) -> [String: UInt64] {
        let reasons = ["cold", "evicted", "stale", "not-admitted", "worker-down"]
        let counts = reasons.map { rig.registry.counter(.cacheMisses, "/data/a", $0).value }
        return Dictionary(uniqueKeysWithValues: zip(reasons, counts)).filter { $0.value > 0 }
    }
}
