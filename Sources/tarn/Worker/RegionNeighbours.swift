// SPDX-License-Identifier: Apache-2.0

import APIModel
import AsyncHTTPClient
import CatalogCore
import Coordination
import HTTPAPI
import NIOCore
import NIOHTTP1
import Settings

/// Workers of other regions, for requests that only they can answer.
final class RegionNeighbours: RegionForwarding {
    private let coordination: CoordinationNode
    private let transport = HTTPTransport(silence: .seconds(60))

    /// Workers of a region that are tried, those that live first.
    private static let triesLimit = 3
    private static let patience = TimeAmount.seconds(60)
    private static let answerLimit = 16 << 20

    init(coordination: CoordinationNode) { self.coordination = coordination }

    func shutDown() async { try? await transport.client.shutdown() }

    func forward(
        _ request: APIRequest,
        toRegion region: String
    ) async throws(Problem) -> APIResponse {
        let workers = candidates(in: region)
        guard !workers.isEmpty else {
            throw Problem(
                .notFound,
                "there is no worker in region '\(region.prefix(64))'",
                next: "tarn worker list"
            )
        }
        let end = NIODeadline.now() + Self.patience
        var reasons: [String] = []
        for worker in workers.prefix(Self.triesLimit) {
            do throws(HTTPTransport.Loss) {
                return try await hand(request, to: worker, until: end)
            } catch {
                reasons.append("\(worker.name): \(error.text)")
            }
        }
        throw Problem(
            .timeout,
            "no worker of region '\(region)' answers: " + reasons.joined(separator: "; "),
            next: "tarn worker list"
        )
    }

    /// Who lives first, then by name.
    private func candidates(in region: String) -> [WorkerEntry] {
        let dead = Set(
            coordination.status().workers.filter { $0.liveness != .alive }.map(\.name)
        )
        let workers = coordination.view().catalog.workers.filter { worker in
            worker.region == region && worker.state != .removed
        }
        return workers.filter { !dead.contains($0.name) }
            + workers.filter { dead.contains($0.name) }
    }

    private func hand(
        _ request: APIRequest,
        to worker: WorkerEntry,
        until end: NIODeadline
    ) async throws(HTTPTransport.Loss) -> APIResponse {
        guard let address = HostPort(worker.addresses.http) else {
            throw .unreachable("'\(worker.addresses.http)' is no address")
        }
        var call = APICall(method: request.method, target: request.rawTarget)
        call.headers = [
            (SurveyRoute.forwardedHeader, "1"), ("Tarn-Request-Id", request.id),
        ]
        if let revision = request.headers.first(name: "Tarn-Min-Revision") {
            call.headers.append(("Tarn-Min-Revision", revision))
        }
        call.body = Array(request.body.readableBytesView)
        let response = try await transport.send(call, to: address, deadline: end)
        let body = try await transport.collect(response, upTo: Self.answerLimit)
        var headers = HTTPHeaders()
        for name in ["Content-Type", "Tarn-Cluster", "Tarn-Revision", "Retry-After"] {
            if let value = response.headers.first(name: name) {
                headers.add(name: name, value: value)
            }
        }
        return APIResponse(status: response.status, headers: headers, body: .bytes(body))
    }
}
