// SPDX-License-Identifier: Apache-2.0
import CatalogCore
import Logging
package import Primitives
import Synchronization

/// How a cluster is born: `cluster init`, once.
///
/// ```
///   ask every address in join ─▶ choose voters ─▶ promise from each ─▶ write the intent here
///                                                                          │
///   done ◀── each says that genesis is applied ◀── form: log, then identity, on each
/// ```
///
/// Whatever is interrupted is taken up by running init again on the same worker: the intent on disk
/// names cluster and voters, and forming twice is forming once.
extension CoordinationNode {
    package func initialise(
        _ request: InitialisationRequest,
        within limit: Timespan
    ) async throws(CoordinationError) -> FormedCluster {
        let deadline = settings.now() + limit.milliseconds
        try await takeTurn(until: deadline)
        defer { initialising.withLock { $0.end() } }
        let formation: Formation
        if let intent = try readIntent() {
            if let cluster = membership.cluster, cluster != intent.cluster.id {
                throw .unsafe("this worker already belongs to cluster \(cluster)")
            }
            formation = intent
        } else {
            if let cluster = membership.cluster {
                throw .unsafe("this worker already belongs to cluster \(cluster)")
            }
            formation = try await prepare(request, until: deadline)
        }
        try await form(formation, until: deadline)
        // Whoever was asked and not chosen may join at once.
        await release(formation.initialisation)
        try? store.clearIntent()  // Kept on failure: it is then cleared by the next run.
        return FormedCluster(
            entry: formation.cluster,
            voters: formation.members.map(\.name)
        )
    }

    /// One init after the other on one worker: who comes second sees what became of the first.
    private func takeTurn(until deadline: UInt64) async throws(CoordinationError) {
        while !initialising.withLock({ $0.begin() }) {
            guard settings.now() < deadline, !Task.isCancelled else {
                throw .incomplete("another init is running on this worker")
            }
            try? await Task.sleep(for: .milliseconds(50))
        }
    }

    private func readIntent() throws(CoordinationError) -> Formation? {
        do throws(MembershipStoreError) {
            return try store.loadIntent()
        } catch {
            throw .unsafe("\(error)")
        }
    }

    /// Gathers promises and writes the intent.
    private func prepare(
        _ request: InitialisationRequest,
        until deadline: UInt64
    ) async throws(CoordinationError) -> Formation {
        var generator = SystemRandomNumberGenerator()
        // The same until one succeeds: run again, those who promised promise at once again.
        let initialisation = initialising.withLock { $0.id(using: &generator) }
        let count = try voterCount(request)
        var asked = AskedWorkers()
        while settings.now() < deadline, !Task.isCancelled {
            asked = try await askAll(initialisation)
            let chosen = VoterSelection.choose(
                count,
                from: asked.fresh,
                home: registration.region,
                survival: request.survival
            )
            if asked.rivals.contains(where: { $0.goesFirst(before: initialisation) }) {
                // The smaller id goes first. It has this long to take what is set free here.
                await release(initialisation)
                let pauseMS = Int64.random(in: 500...1500, using: &generator)
                try? await Task.sleep(for: .milliseconds(pauseMS))
                continue
            }
            // One that is promised to another init may be about to form a cluster with it.
            if let chosen, asked.rivals.isEmpty {
                let cluster = ClusterEntry(
                    id: ClusterID(UniqueID(using: &generator)),
                    generation: 1,
                    survival: request.survival,
                    timing: request.timing,
                    featureLevel: 1,
                    voters: (1...UInt64(chosen.count)).map(NodeID.init),
                    voterCount: UInt8(request.voterCount ?? 0)  // Checked by `voterCount(_:)`.
                )
                let formation = Formation(
                    initialisation: initialisation,
                    cluster: cluster,
                    members: chosen
                )
                try keep(formation)
                return formation
            }
            try? await Task.sleep(for: .milliseconds(200))
        }
        throw .incomplete(asked.summary(wanted: count, home: registration.region))
    }

    private func keep(_ formation: Formation) throws(CoordinationError) {
        do throws(MembershipStoreError) {
            try store.saveIntent(formation)
        } catch {
            throw .unsafe("\(error)")
        }
    }

    private func voterCount(_ request: InitialisationRequest) throws(CoordinationError) -> Int {
        let addresses = max(settings.join.count, 1)
        let count = request.voterCount ?? VoterSelection.defaultCount(addressCount: addresses)
        guard count % 2 == 1, (1...7).contains(count) else {
            throw .badValue("voters: \(count) given; 1, 3, 5 or 7 are allowed")
        }
        return count
    }
}

/// The init that this worker runs, one at a time.
struct OwnInitialisation: Sendable {
    private var known: UniqueID?
    private var isRunning = false

    mutating func begin() -> Bool {
        defer { isRunning = true }
        return !isRunning
    }

    mutating func end() { isRunning = false }

    mutating func id(using generator: inout SystemRandomNumberGenerator) -> UniqueID {
        let id = known ?? UniqueID(using: &generator)
        known = id
        return id
    }
}
