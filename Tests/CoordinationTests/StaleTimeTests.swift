// SPDX-License-Identifier: Apache-2.0

import CatalogCore
import Coordination
import Primitives
import Testing

/// Goal: a worker without a change counts as harmless only where nothing it may have is served stale.
@Suite struct StaleTimeTests {
    /// Served however stale at 2, strict from 4 on, gone at 6, strict again at 8 and 10, served at 12;
    /// something else changes in between.
    private static let history: [MountRevision] = {
        var catalog = Catalog()
        _ = catalog.apply(genesis())
        let policies: [Mount.StalePolicy?] = [
            .serve, .fail(after: .seconds(60)), nil, .fail(after: .seconds(60)),
            .fail(after: .seconds(5)), .serve,
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
        (known: 11, horizon: 0, change: 12, seconds: 5),    // has 10
        (known: 10, horizon: 0, change: 12, seconds: 5),
        (known: 9,  horizon: 0, change: 12, seconds: 60),   // has 8, may have 10
        (known: 8,  horizon: 0, change: 12, seconds: 60),
        (known: 7,  horizon: 0, change: 12, seconds: nil),  // there may be none, or one above it
        (known: 4,  horizon: 0, change: 12, seconds: nil),
        (known: 4,  horizon: 0, change: 6,  seconds: 60),   // a removal is waited for
        (known: 3,  horizon: 0, change: 12, seconds: nil),  // may serve 2
        (known: 0,  horizon: 0, change: 12, seconds: nil),
        (known: 8,  horizon: 9, change: 12, seconds: nil),  // what it has is not known
        (known: 9,  horizon: 5, change: 12, seconds: 60),
        (known: 1,  horizon: 0, change: 2,  seconds: nil),  // there was nothing before
        (known: 13, horizon: 0, change: 14, seconds: nil),  // has 12, which is served
    ]

    @Test(arguments: rows)
    func theLongestTimeCounts(
        row: (known: UInt64, horizon: UInt64, change: UInt64, seconds: UInt64?)
    ) {
        #expect(Self.history.map(\.revision.rawValue) == [2, 4, 6, 8, 10, 12])
        let longest = StaleTime.longest(
            of: Self.history,
            horizon: Revision(row.horizon),
            known: Revision(row.known),
            before: Revision(row.change)
        )
        #expect(longest == row.seconds.map(Timespan.seconds))
    }
}
