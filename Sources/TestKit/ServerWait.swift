// SPDX-License-Identifier: Apache-2.0

/// Why a test's surroundings could not be set up.
package enum TestKitError: Error, Sendable, Equatable {
    /// A system call failed.
    case system(String, errno: Int32)
    /// A program is not where `dev/venv` puts it.
    case missing(String)
    /// A child ended or failed; what it printed.
    case failed(String, output: String)
    /// A fact did not come true in time.
    case timedOut(waitingFor: String)
}

/// Waits until `fact` holds, looking every few milliseconds.
///
/// - Throws: ``TestKitError/timedOut(waitingFor:)`` with `what` as it reads then.
package func waitUntil(
    _ what: @autoclosure () -> String,
    within limit: Duration = .seconds(30),
    isolation: isolated (any Actor)? = #isolation,
    _ fact: () async throws -> Bool
) async throws {
    let end = ContinuousClock.now + limit
    while try await !fact() {
        guard ContinuousClock.now < end else { throw TestKitError.timedOut(waitingFor: what()) }
        try await Task.sleep(for: .milliseconds(5))
    }
}
