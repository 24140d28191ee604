// SPDX-License-Identifier: Apache-2.0

import APIModel
import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import Primitives
import Settings
import Synchronization

/// Calls the HTTP API of whichever worker answers, with retries as the command line promises.
///
/// Addresses are tried in turn, beginning with the one that answered last, each with its share of the
/// time, so that one that accepts and is silent does not use it up. `no-leader`,
/// `outcome-unknown`, 429 and lost connections are tried again until the time is over, writes under
/// one `Idempotency-Key`, so that however often one arrives it takes effect once.
final class ClusterClient: Sendable {
    let addresses: [HostPort]
    let timeout: Timespan
    let transport: HTTPTransport
    private let state = Mutex(State())

    private struct State {
        /// Sent with every call, so that a later answer is never older than an earlier one.
        var newestRevision: UInt64 = 0
        /// Index of the address that answered last.
        var preferred = 0
    }

    /// Answers other than file contents are kept in memory, so they have a bound.
    static let bodyByteLimit = 64 << 20

    init(addresses: [HostPort], timeout: Timespan) {
        self.addresses = addresses
        self.timeout = timeout
        // A worker that counts the time itself answers at its end, and says why.
        transport = HTTPTransport(silence: timeout.duration + .seconds(6))
    }

    func shutdown() async { try? await transport.client.shutdown() }

    /// Calls until there is an answer below 400, or a reason to stop.
    ///
    /// `within` bounds this one call; if `nil`, the client's own timeout does.
    func call(
        _ call: APICall,
        within: Timespan? = nil
    ) async throws(CommandFailure) -> APIAnswer {
        let limit = within ?? timeout
        let deadline = ContinuousClock.now + limit.duration
        let call = prepared(call)
        var attempts = Attempts(call)
        var backoff = Backoff()
        var generator = SystemRandomNumberGenerator()
        while true {
            let round = await round(call, within: limit, deadline: deadline)
            let retryAfter: UInt64?
            switch attempts.verdict(on: round) {
            case .answered(let answer): return answer
            case .failed(let failure): throw failure
            case .again(let seconds): retryAfter = seconds
            }
            let wait = backoff.wait(retryAfterSeconds: retryAfter, using: &generator)
            guard ContinuousClock.now + wait < deadline else {
                throw attempts.failure(of: round, after: limit)
            }
            do {
                try await Task.sleep(for: wait)
            } catch {
                throw .silent(status: 1)
            }
        }
    }

    /// The addresses, the one that answered last first.
    func order() -> [HostPort] {
        let start = state.withLock { $0.preferred }
        return Array(addresses[start...] + addresses[..<start])
    }

    /// Remembers who answered, and the revision it answered from.
    func noteAnswer(from address: HostPort, _ headers: HTTPHeaders) {
        let revision = headers.first(name: "Tarn-Revision").flatMap { UInt64($0) } ?? 0
        state.withLock { state in
            state.newestRevision = max(state.newestRevision, revision)
            state.preferred = addresses.firstIndex(of: address) ?? state.preferred
        }
    }

    /// The call with the headers that every call carries.
    func prepared(_ call: APICall) -> APICall {
        var call = call
        let revision = state.withLock { $0.newestRevision }
        if revision > 0 { call.headers.append(("Tarn-Min-Revision", String(revision))) }
        if call.isWrite { call.headers.append(("Idempotency-Key", UUID().uuidString.lowercased())) }
        call.headers.append(("User-Agent", "tarn/\(BuildFacts.version)"))
        return call
    }
}
