// SPDX-License-Identifier: Apache-2.0
import APIModel
import CatalogCore
import Coordination
import NIOHTTP1
import Primitives

/// One request on its way through a route: what was asked, and whom to ask.
struct Call: Sendable {
    let request: APIRequest
    let query: QueryParameters
    let captures: Router.Captures
    let dependencies: HTTPDependencies
    let limits: HTTPLimits
    let signal: ShutdownSignal
    let budget: ReadAheadBudget
    let watchLines: SharedWatchLines
    let seen: SeenState

    /// How long reads and writes of the catalog may wait.
    static let patience = Timespan.seconds(5)

    var coordination: any CoordinationService { dependencies.coordination }

    /// The region asked for, else this worker's.
    func region() throws(Problem) -> String {
        try query.text("region") ?? dependencies.region
    }

    // MARK: - Consistency

    private enum Consistency: String, CaseIterable { case linearizable, local }

    /// The catalog to answer from: as new as `Tarn-Min-Revision`, and complete unless the caller
    /// wants the local replica.
    func catalogView() async throws(Problem) -> CatalogView {
        let consistency = try query.choice("consistency", of: Consistency.self) ?? .linearizable
        try await waitForMinimum()
        if consistency == .linearizable {
            do {
                try await coordination.readBarrier(within: Self.patience)
            } catch {
                throw problem(error)
            }
        }
        return seen.note(coordination.view())
    }

    /// The local replica, as new as `Tarn-Min-Revision`.
    func localView() async throws(Problem) -> CatalogView {
        try await waitForMinimum()
        return seen.note(coordination.view())
    }

    /// Waits until the local replica has reached `Tarn-Min-Revision`, where that was asked for.
    func waitForMinimum() async throws(Problem) {
        guard let text = try request.header("Tarn-Min-Revision") else { return }
        guard let wanted = decimal(text) else {
            throw Problem(.badValue, "Tarn-Min-Revision: '\(text.prefix(40))' is no revision")
        }
        do {
            try await coordination.wait(for: Revision(wanted), within: Self.patience)
        } catch {
            throw problem(error)
        }
    }

    /// The error as an answer that names who answers where that is the matter.
    func problem(_ error: CoordinationError) -> Problem {
        guard case .noQuorum = error else { return Problem(error) }
        let voters = coordination.status().voters
        return Problem(error, answering: voters.filter(\.isReachable).map(\.name))
    }

    // MARK: - Parameters that several routes share

    /// A cluster path: absolute, otherwise any bytes.
    func clusterPath() throws(Problem) -> ByteString {
        let path = try query.required("path")
        guard path.bytes.first == UInt8(ascii: "/") else {
            throw Problem(.badPath, "'\(path.text.prefix(200))': a path begins with '/'")
        }
        return path
    }

    func pageLimit(default standard: Int = 1000) throws(Problem) -> Int {
        Int(try query.number("limit", in: 1...10_000) ?? UInt64(standard))
    }
}

extension APIResponse {
    /// Says which state of the cluster this answer is about.
    func describing(_ view: CatalogView, region: String) -> Self {
        guard let cluster = view.catalog.cluster else { return self }
        var copy = self
        copy.headers.replaceOrAdd(name: "Tarn-Cluster", value: "\(cluster.id)")
        copy.headers.replaceOrAdd(name: "Tarn-Revision", value: "\(view.catalog.revision)")
        let epoch = view.catalog.ring(region: region)?.epoch ?? .zero
        copy.headers.replaceOrAdd(name: "Tarn-Region-Epoch", value: "\(epoch)")
        if let staleness = view.staleness {
            copy.headers.replaceOrAdd(
                name: "Tarn-Staleness-Ms",
                value: String(staleness.milliseconds)
            )
        }
        return copy
    }
}
