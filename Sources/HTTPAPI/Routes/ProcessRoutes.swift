// SPDX-License-Identifier: Apache-2.0
import APIModel
import Coordination
import NIOHTTP1
import Telemetry

/// `/healthz`, `/readyz`, `/metrics`: what a supervisor asks, answered whatever the cluster does.
enum ProcessRoutes {
    static let routes = [
        Route(
            "/healthz",
            [
                Operation(
                    .GET,
                    "health",
                    "Answers while the process does.",
                    availability: .always,
                    answers: [.json("health", "Alive.")]
                ) { _ in .json(HealthDocument()) }
            ]
        ),
        Route(
            "/readyz",
            [
                Operation(
                    .GET,
                    "readiness",
                    "Whether this worker is a member with a catalog; needs no quorum.",
                    availability: .always,
                    answers: [
                        .json("ready", "Ready."),
                        .other(
                            "application/problem+json",
                            "Not yet; code and waitingFor say for what it waits: "
                                + "waiting-for-init, joining, replacing or draining.",
                            status: 503
                        ),
                    ],
                    handler: readiness
                )
            ]
        ),
        Route(
            "/metrics",
            [
                Operation(
                    .GET,
                    "metrics",
                    "Metrics of this worker in Prometheus' text format.",
                    availability: .always,
                    answers: [.other("text/plain", "Metrics.")]
                ) { call in
                    .text(
                        call.dependencies.metrics.expositionText(),
                        type: "text/plain; version=0.0.4; charset=utf-8"
                    )
                }
            ]
        ),
    ]

    @Sendable private static func readiness(_ call: Call) async throws(Problem) -> APIResponse {
        switch call.coordination.readiness() {
        case .ready:
            return .json(ReadyDocument(ready: true, waitingFor: nil))
        case .waiting(let reason):
            return APIResponse.json(
                IdentifiedDocument(
                    document: WaitingDocument(reason),
                    requestId: call.request.id
                ),
                status: .serviceUnavailable
            )
            .with("Content-Type", "application/problem+json")
        }
    }
}

/// The problem document of a worker that is not ready: both shapes in one.
private struct WaitingDocument: Encodable {
    let type = "about:blank"
    let title = "Not ready"
    let status = 503
    let code: String
    let detail: String
    let next: String?
    let ready = false
    let waitingFor: String

    init(_ reason: Readiness.Reason) {
        code = reason.rawValue
        waitingFor = reason.rawValue
        switch reason {
        case .waitingForInit:
            detail = "this worker belongs to no cluster yet"
            next = "tarn cluster init"
        case .joining:
            detail = "this worker is being admitted, or has no catalog yet"
            next = "tarn cluster status"
        case .replacing:
            detail = "another store had this worker's name; it has to be retired first"
            next = "tarn worker list"
        case .draining:
            detail = "this worker gives its pages away"
            next = "tarn worker list"
        }
    }
}
