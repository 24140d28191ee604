// SPDX-License-Identifier: Apache-2.0

import APIModel
import Primitives
import Settings

extension ClusterClient {
    /// Waits until this very worker answers from `revision` or later.
    ///
    /// A worker holds the call up to 5 s and then says `behind`; it is asked again until the time is
    /// over.
    func wait(for revision: UInt64, at worker: WorkerDocument) async throws(CommandFailure) {
        guard let address = HostPort(worker.addresses.http) else {
            throw .badAnswer("worker \(worker.name): '\(worker.addresses.http)' is no address")
        }
        let own = ClusterClient(addresses: [address], timeout: timeout)
        let deadline = ContinuousClock.now + timeout.duration
        var call = APICall.get("/v1/mounts?consistency=local&limit=1")
        call.headers.append(("Tarn-Min-Revision", String(revision)))
        var outcome: CommandFailure?
        var backoff = Backoff()
        var generator = SystemRandomNumberGenerator()
        while ContinuousClock.now < deadline {
            do {
                _ = try await own.call(call)
                outcome = nil
                break
            } catch {
                outcome = error
                guard case .problem(let document, _) = error, document.knownCode == .behind else {
                    break
                }
                let wait = backoff.wait(retryAfterSeconds: nil, using: &generator)
                guard (try? await Task.sleep(for: wait)) != nil else { break }
            }
        }
        await own.shutdown()
        if let outcome {
            throw .partly(
                "stored at revision \(revision), but worker \(worker.name) does not have it yet: "
                    + (outcome.document?.detail ?? "no answer"),
                next: "tarn worker show \(worker.name)"
            )
        }
    }
}
