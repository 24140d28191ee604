// SPDX-License-Identifier: Apache-2.0
import CatalogCore
import Primitives

/// Whom to ask for the catalog: the addresses given, then those of the workers learned from it.
///
/// Invariants: no address twice; at most ``limit``; the given ones are never forgotten.
struct WorkerAddressList: Sendable {
    static let limit = 256

    private let given: [String]
    private var all: [String]
    private var position = 0

    /// `given`: `host:port` each; at least one.
    init(_ given: [String]) {
        var unique: [String] = []
        for address in given.prefix(Self.limit) where !unique.contains(address) {
            unique.append(address)
        }
        precondition(!unique.isEmpty, "there must be somebody to ask")
        self.given = unique
        all = unique
    }

    /// Whom to ask now.
    var current: String { all[position] }

    var count: Int { all.count }

    /// The one that was asked is no good: the next one's turn, after the last the first.
    mutating func advance() { position = (position + 1) % all.count }

    /// Takes over the workers of a catalog, those of the reader's own region first.
    mutating func learn(from catalog: Catalog, region: String?) {
        let now = current
        let workers = catalog.workers.filter { $0.state != .removed }
        let sorted = workers.filter { $0.region == region } + workers.filter { $0.region != region }
        var known = Set(given)
        all = given
        for worker in sorted where all.count < Self.limit {
            if known.insert(worker.addresses.http).inserted { all.append(worker.addresses.http) }
        }
        position = all.firstIndex(of: now) ?? 0
    }
}
