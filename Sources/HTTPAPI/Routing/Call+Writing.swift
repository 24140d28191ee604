// SPDX-License-Identifier: Apache-2.0
import APIModel
import CatalogCore
import Coordination
import Primitives

/// Changes of the catalog that a request asks for.
extension Call {
    /// The catalog as it is now, whatever consistency was asked for: a change is planned on nothing
    /// older.
    func completeView() async throws(Problem) -> CatalogView {
        try await waitForMinimum()
        do {
            try await coordination.readBarrier(within: Self.patience)
        } catch {
            throw problem(error)
        }
        return seen.note(coordination.view())
    }

    /// The client's name for the write, and a fingerprint of its whole target, conditions and body;
    /// `nil` where it has no name.
    ///
    /// - Throws: `bad-value` unless the key is 1...64 printable ASCII characters.
    func idempotency() throws(Problem) -> Idempotency? {
        let path = ByteString(try RequestTarget(request.rawTarget).rawPath)
        return try MountConditions.idempotency(
            of: request,
            path: path + ByteString("?" + query.fingerprint)
        )
    }

    /// What became of an earlier attempt under the same key; `nil`: nothing, or it has no key.
    func earlierOutcome(under idempotency: Idempotency?) async throws(Problem) -> CatalogOutcome? {
        guard let idempotency else { return nil }
        return try await completeView().catalog.outcome(of: idempotency)
    }

    /// Has one change made, and says what came of it: refusals are outcomes, too.
    func submit(
        _ operation: CatalogCommand.Operation,
        _ idempotency: Idempotency? = nil
    ) async throws(Problem) -> CatalogOutcome {
        try await waitForMinimum()
        do {
            return try await coordination.submit(
                CatalogCommand(
                    operation: operation,
                    idempotency: idempotency,
                    madeAtUnixMS: WallClock.unixMS
                ),
                within: Self.patience
            )
        } catch {
            throw problem(error)
        }
    }
}

extension Problem {
    /// An outcome of another command than was submitted: only a defect elsewhere.
    static func otherOutcome(_ outcome: CatalogOutcome) -> Self {
        Problem(.internalError, "the catalog answered another command: \(outcome)")
    }
}
