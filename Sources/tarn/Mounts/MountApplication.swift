// SPDX-License-Identifier: Apache-2.0

import APIModel
import NIOHTTP1

/// Carries out a plan, each step under the revision it was made from, and keeps the books about it.
struct MountApplication {
    /// What became of one step.
    struct Result: Sendable {
        enum Outcome: Sendable {
            case stored(revision: UInt64)
            case deleted
            case failed(CommandFailure)
        }

        let step: MountPlan.Step
        let outcome: Outcome

        var failure: CommandFailure? {
            if case .failed(let failure) = outcome { failure } else { nil }
        }

        var revision: UInt64? {
            if case .stored(let revision) = outcome { revision } else { nil }
        }
    }

    let client: ClusterClient
    let check: ClusterClient.OriginCheck
    private(set) var results: [Result] = []

    init(_ client: ClusterClient, check: ClusterClient.OriginCheck) {
        self.client = client
        self.check = check
    }

    var doneCount: Int { results.count { $0.failure == nil } }
    var failures: [CommandFailure] { results.compactMap(\.failure) }

    /// Does the steps in turn; one that fails stops the others only where they would fail alike.
    ///
    /// Nothing is deleted once something has failed.
    mutating func perform(_ plan: MountPlan, note: (Result) -> Void) async {
        for step in plan.steps {
            guard step.action != .delete || failures.isEmpty else { return }
            let result = Result(step: step, outcome: await outcome(of: step))
            results.append(result)
            note(result)
            if let failure = result.failure, failure.isOfTheCluster { return }
        }
    }

    private func outcome(of step: MountPlan.Step) async -> Result.Outcome {
        do throws(CommandFailure) {
            return try await perform(step)
        } catch {
            return .failed(error)
        }
    }

    private func perform(_ step: MountPlan.Step) async throws(CommandFailure) -> Result.Outcome {
        let condition = [(name: "If-Match", value: "\"\(step.revision)\"")]
        guard let request = step.request else {
            let call = APICall(
                method: .DELETE,
                target: ClusterClient.mountTarget(step.path),
                headers: condition
            )
            _ = try await client.call(call)
            return .deleted
        }
        let stored: Answered<MountDocument> = try await client.write(
            .PUT,
            ClusterClient.mountTarget(step.path, check),
            headers: condition,
            body: request
        )
        return .stored(revision: stored.document.modRevision)
    }
}

extension CommandFailure {
    /// Whether the next write would fail in the same way.
    fileprivate var isOfTheCluster: Bool {
        switch self {
        case .problem(let document, _):
            switch document.knownCode {
            case .noQuorum, .noLeader, .notInitialised, .behind, .outcomeUnknown, .overloaded: true
            default: false
            }
        case .unreachable, .timedOut, .lost, .badAnswer, .silent: true
        case .local, .usage, .configuration, .refused, .partly, .notFound: false
        }
    }
}
