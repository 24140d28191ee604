// SPDX-License-Identifier: Apache-2.0

import CatalogCore
import ElasticCore
import Primitives

/// What an event of an ``ElasticWorld`` brought about, for the checkers.
enum ElasticFact: Sendable {
    /// A worker's replica went on to this place of the log.
    case applied(worker: Int)
    /// A command was committed, and this is what it did to the catalog.
    indirect case committed(CatalogCommand, CatalogOutcome, before: Catalog)
    /// A worker asked the origin for pages, after it had asked the others.
    case fetched(worker: Int, PageName, FetchCause, asked: PageRoute)
    /// A worker let go of pages because others have them.
    case dropped(worker: Int, [DroppedPage])
    /// A page came from another worker and was stored.
    case carried(worker: Int, PageName)
    case read(ElasticRead, ElasticRead.End)
}

/// A page that was let go, and since when it was there.
struct DroppedPage: Sendable {
    let name: PageName
    let storedAtUS: UInt64
}

/// One page that somebody reads.
struct ElasticRead: Sendable {
    enum End: Sendable {
        case page(UInt64)
        case failed(String)
    }

    let name: PageName
    /// Where it is read.
    let worker: Int
    let beganUS: UInt64
    /// Where the page belonged when it began, by that worker's replica.
    let route: PageRoute
}

/// Something that must hold after every event of every elastic world.
protocol ElasticInvariant: Sendable {
    /// Says what is wrong, if anything, after something happened in `world`.
    mutating func violation(after fact: ElasticFact, in world: ElasticWorld) -> String?
}
