// SPDX-License-Identifier: Apache-2.0

import Primitives

/// What a registration and a genesis must look like.
extension Catalog {
    static func check(
        _ entry: ClusterEntry,
        _ registrations: [WorkerRegistration]
    ) throws(CatalogRefusal) {
        guard (1...CatalogLimits.workerCount).contains(registrations.count) else {
            throw .badValue("a cluster begins with 1 to \(CatalogLimits.workerCount) workers")
        }
        for registration in registrations { try check(registration) }
        let names = registrations.map { ByteString($0.name) }.sorted()
        let stores = registrations.map(\.store).sorted()
        guard names.removingRepetitions().count == names.count,
            stores.removingRepetitions().count == stores.count
        else { throw .badValue("two of the first workers have one name or one store") }

        let nodes = 1...UInt64(registrations.count)
        guard entry.voters.allSatisfy({ nodes.contains($0.rawValue) }) else {
            throw .badValue("a voter is not among the first workers: \(entry.voters)")
        }
    }

    static func check(_ registration: WorkerRegistration) throws(CatalogRefusal) {
        let names = [
            ("name", registration.name), ("region", registration.region),
            ("zone", registration.zone),
        ]
        for (what, name) in names where !NameSyntax.isValid(name) {
            throw .badValue("worker \(what) '\(name.prefix(200))': allowed are \(NameSyntax.rule)")
        }
        let addresses = registration.addresses
        let texts = [
            addresses.http, addresses.s3 ?? "", addresses.data, addresses.peer,
            addresses.socket ?? "", registration.version,
        ]
        guard texts.allSatisfy({ $0.utf8.count <= 512 }) else {
            throw .badValue("worker '\(registration.name)': an address is over 512 bytes")
        }
    }
}
