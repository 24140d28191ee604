// SPDX-License-Identifier: Apache-2.0

import CatalogCore
import Primitives
import Testing

/// What was at a path before: the same on every replica, within its bounds.
struct MountHistoryTests {
    private static func mount(_ number: Int) -> Mount { Mount(origin: "s3://bucket/\(number)") }

    /// One line a revision: its number, when, and the origin or `gone`.
    private static func lines(_ catalog: Catalog, _ path: ByteString) -> [String] {
        catalog.history(of: path).map { made in
            "\(made.revision) \(made.madeAtUnixMS) \(made.entry?.mount.origin ?? "gone")"
        }
    }

    private static func put(
        _ path: ByteString,
        _ number: Int,
        _ catalog: inout Catalog
    ) {
        let command = CatalogCommand(
            operation: .putMount(path: path, mount(number), .any),
            madeAtUnixMS: UInt64(number)
        )
        _ = catalog.apply(command)
    }

    @Test func everyRevisionIsThereAcrossRemovalAndReturn() {
        var catalog = formedCatalog()
        Self.put("/a", 1, &catalog)
        Self.put("/b", 2, &catalog)
        Self.put("/a", 3, &catalog)
        catalog.perform(.removeMount(path: "/a", .any))
        #expect(
            Self.lines(catalog, "/a") == ["2 1 s3://bucket/1", "4 3 s3://bucket/3", "5 0 gone"]
        )
        Self.put("/a", 4, &catalog)
        #expect(Self.lines(catalog, "/a").last == "6 4 s3://bucket/4")
        #expect(Self.lines(catalog, "/b") == ["3 2 s3://bucket/2"])
        #expect(Self.lines(catalog, "/c") == [])
        #expect(catalog.historyHorizon(of: "/a") == .zero)
    }

    @Test func aRefusedWriteIsNoRevision() {
        var catalog = formedCatalog()
        Self.put("/a", 1, &catalog)
        catalog.put("/a", if: .revision(Revision(77)))
        catalog.perform(.removeMount(path: "/none", .any))
        #expect(Self.lines(catalog, "/a").count == 1)
        #expect(Self.lines(catalog, "/none") == [])
    }

    @Test func aPathKeepsItsNewestHundred() {
        var catalog = formedCatalog()
        Self.put("/quiet", 7, &catalog)
        for number in 1...130 { Self.put("/busy", number, &catalog) }
        let kept = catalog.history(of: "/busy").map(\.revision.rawValue)
        #expect(kept == Array(33...132))
        #expect(catalog.historyHorizon(of: "/busy") == Revision(32))
        #expect(catalog.history(of: "/quiet").count == 1)
        #expect(catalog.historyHorizon(of: "/quiet") == .zero)
    }

    /// What is there now stands at the end of its history even where the room for it was needed.
    @Test func theOldestOfAllPathsLeaveForWantOfRoom() throws {
        var catalog = Catalog(mountHistoryByteLimit: 3000)
        catalog.perform(.genesis(clusterEntry(), firstWorkers))
        Self.put("/first", 1, &catalog)
        for number in 2...40 { Self.put(ByteString("/m\(number % 5)"), number, &catalog) }
        let horizon = catalog.historyHorizon(of: "/nobody")
        #expect(horizon > Revision(2))
        #expect(Self.lines(catalog, "/first") == ["2 0 s3://bucket/1"])
        let all = (0..<5).flatMap { catalog.history(of: ByteString("/m\($0)")) }
        let kept = all.map(\.revision).sorted()
        #expect(kept.first == horizon.next)
        #expect(kept.count == Int(catalog.revision.rawValue - horizon.rawValue))
        #expect(kept.count > 5, "the bound leaves some")
    }

    /// Goal: history is part of the state: equal commands give equal digests, a snapshot brings all of
    /// it, and what follows is the same on both sides.
    @Test(arguments: UInt64(1)...10)
    func replicasAgreeAcrossASnapshot(seed: UInt64) throws {
        var generator = SplitMix64(seed: seed)
        var first = formedCatalog()
        var second = formedCatalog()
        for step in 0..<600 {
            let path = ByteString("/m\(Int.random(in: 0..<4, using: &generator))")
            let isPut = Int.random(in: 0..<4, using: &generator) > 0
            let command = CatalogCommand(
                operation: isPut
                    ? .putMount(path: path, Self.mount(step), .any)
                    : .removeMount(path: path, .any),
                madeAtUnixMS: UInt64(step)
            )
            _ = first.apply(command)
            _ = second.apply(command)
            if step % 97 == 0 { second = try Catalog(decodingSnapshot: second.encodeSnapshot()) }
            #expect(first.stateDigest == second.stateDigest, "seed \(seed), step \(step)")
        }
        for path: ByteString in ["/m0", "/m1", "/m2", "/m3"] {
            #expect(first.history(of: path) == second.history(of: path))
            #expect(first.historyHorizon(of: path) == second.historyHorizon(of: path))
            #expect(first.history(of: path).count >= 90)
        }
        #expect(first.isIntact && second.isIntact)
        #expect(first.encodeSnapshot() == second.encodeSnapshot())
    }

    @Test func aClusterThatGoesOnRemembers() throws {
        var catalog = formedCatalog()
        Self.put("/a", 1, &catalog)
        Self.put("/a", 2, &catalog)
        let next = try catalog.beginningAnew(
            as: ClusterID(UniqueID(high: 9, low: 9)),
            founder: .survivor(store(1))
        )
        #expect(next.history(of: "/a") == catalog.history(of: "/a"))
        #expect(next.isIntact)
    }
}
