// SPDX-License-Identifier: Apache-2.0

import CatalogCore
import Coordination
import Primitives
import Testing

/// Goal: a worker without a change counts as harmless only where nothing it may have is served stale.
@Suite struct StaleTimeTests {
    /// Served however stale at 2, strict from 4 on, gone at 6, strict again at 8, served at 10; something
    /// else changes in between.
    private static let history: [MountRevision] = {
        var catalog = Catalog()
        _ = catalog.apply(genesis())
        let policies: [Mount.StalePolicy?] = [
            .serve, .fail(after: .seconds(60)), nil, .fail(after: .seconds(5)), .serve,
        ]
        for policy in policies {
            let operation: CatalogCommand.Operation =
                policy.map { .putMount(path: "/a", Mount(origin: "s3://b", onStale: $0), .any) }
                ?? .removeMount(path: "/a", .any)
            _ = catalog.apply(CatalogCommand(operation: operation))
            _ = catalog.apply(put("/other"))
        }
        return catalog.history(of: "/a")
    }()

    // swift-format-ignore
    static let rows: [(known: UInt64, horizon: UInt64, change: UInt64, seconds: UInt64?)] = [
        (known: 9,  horizon: 0, change: 10, seconds: 5),    // has 8
        (known: 8,  horizon: 0, change: 10, seconds: 5),
        (known: 7,  horizon: 0, change: 10, seconds: 5),    // has the removal, may have 8
        (known: 5,  horizon: 0, change: 10, seconds: 60),   // has 4, may have any later one
        (known: 4,  horizon: 0, change: 10, seconds: 60),
        (known: 3,  horizon: 0, change: 10, seconds: nil),  // may serve 2
        (known: 0,  horizon: 0, change: 10, seconds: nil),
        (known: 4,  horizon: 5, change: 10, seconds: nil),  // what it has is not known
        (known: 7,  horizon: 5, change: 10, seconds: 5),
        (known: 1,  horizon: 0, change: 2,  seconds: 0),    // there was nothing before
        (known: 11, horizon: 0, change: 12, seconds: nil),  // has 10, which is served
    ]

    @Test(arguments: rows)
    func theLongestTimeCounts(
        row: (known: UInt64, horizon: UInt64, change: UInt64, seconds: UInt64?)
    ) {
        #expect(Self.history.map(\.revision.rawValue) == [2, 4, 6, 8, 10])
        let longest = StaleTime.longest(
            of: Self.history,
            horizon: Revision(row.horizon),
            known: Revision(row.known),
            before: Revision(row.change)
        )
        #expect(longest == row.seconds.map(Timespan.seconds))
    }
}
