// SPDX-License-Identifier: Apache-2.0

/// Body of `POST /v1/cluster/init`; every member may be absent.
package struct InitRequest: Codable, Hashable, Sendable {
    /// Odd, 1...7; `nil`: three, or one where `join` names fewer than three.
    @Nullable package var voters: Int?
    /// `zone` (default) or `region`.
    @Nullable package var survive: String?
    /// `lan` (default) or `wan`.
    @Nullable package var timing: String?
    /// How long to wait for enough fresh workers; milliseconds.
    @Nullable package var timeoutMs: UInt64?

    package init(
        voters: Int? = nil,
        survive: String? = nil,
        timing: String? = nil,
        timeoutMs: UInt64? = nil
    ) {
        self.voters = voters
        self.survive = survive
        self.timing = timing
        self.timeoutMs = timeoutMs
    }
}

/// The cluster that was formed, or resumed after a failed attempt.
package struct InitAnswer: Codable, Hashable, Sendable {
    /// UUID.
    package var cluster: String
    package var revision: UInt64
    /// Names, in the order of their node ids.
    package var voters: [String]

    package init(
        cluster: String,
        revision: UInt64,
        voters: [String]
    ) {
        self.cluster = cluster
        self.revision = revision
        self.voters = voters
    }
}

/// Body of `GET /healthz`.
package struct HealthDocument: Codable, Hashable, Sendable {
    /// Always `ok`.
    package var status: String

    package init(status: String = "ok") { self.status = status }
}

/// Body of `GET /readyz`: 200 when ready, else 503.
package struct ReadyDocument: Codable, Hashable, Sendable {
    package var ready: Bool
    /// `waiting-for-init`, `joining`, `replacing` or `draining`; `nil` when ready.
    @Nullable package var waitingFor: String?

    package init(
        ready: Bool,
        waitingFor: String?
    ) {
        self.ready = ready
        self.waitingFor = waitingFor
    }
}
