// SPDX-License-Identifier: Apache-2.0

import APIModel
import Primitives

/// What the attempts of one call have shown so far: whether another is worth it, and what to say
/// when there is no time for one.
struct Attempts {
    enum Verdict {
        case answered(APIAnswer)
        case failed(CommandFailure)
        case again(retryAfterSeconds: UInt64?)
    }

    private let isWrite: Bool
    private let awaitsWorkers: Bool
    /// An earlier round found a worker: one that refuses now may be on its way back.
    private var hasFoundWorker = false
    /// A write may be applied although nobody confirmed it.
    private var mayHaveTakenEffect = false

    init(_ call: APICall) {
        isWrite = call.isWrite
        awaitsWorkers = call.awaitsWorkers
    }

    mutating func verdict(on round: ClusterClient.Round) -> Verdict {
        if isWrite, round.mayHaveTakenEffect { mayHaveTakenEffect = true }
        switch round.outcome {
        case .answered(let answer):
            return .answered(answer)
        case .failed(let failure):
            return .failed(qualified(failure))
        case .again(_, let seconds):
            hasFoundWorker = true
            return .again(retryAfterSeconds: seconds)
        case .unreachable(let reasons):
            guard hasFoundWorker || awaitsWorkers else { return .failed(.unreachable(reasons)) }
            return .again(retryAfterSeconds: nil)
        }
    }

    /// What to say when the time is over after this round, the last one.
    func failure(of round: ClusterClient.Round, after limit: Timespan) -> CommandFailure {
        switch round.outcome {
        case .again(.lost(let text, _), _):
            mayHaveTakenEffect
                ? .lost(text, outcome: .unknown)
                : .timedOut("no answer within \(limit); \(text)")
        case .unreachable(let reasons):
            mayHaveTakenEffect
                ? .lost(reasons.joined(separator: "; "), outcome: .unknown)
                : .unreachable(reasons)
        case .again(let failure, _), .failed(let failure):
            qualified(failure)
        case .answered:
            .badAnswer("an answer came, and was not taken")
        }
    }

    /// After a lost attempt, what became of a later one says nothing about the whole.
    ///
    /// But an answer that the key of the call decides (any 4xx but 429) is the first one's too.
    private func qualified(_ failure: CommandFailure) -> CommandFailure {
        guard mayHaveTakenEffect else { return failure }
        switch failure {
        case .timedOut(let text, _):
            return .timedOut(text, outcome: .unknown)
        case .problem(var document, let received) where document.isOfThisAttemptAlone:
            document.outcome = .unknown
            return .problem(document, received: received)
        case .problem, .unreachable, .lost, .badAnswer, .local, .usage, .configuration, .refused,
            .partly, .notFound, .silent:
            return failure
        }
    }
}

extension ProblemDocument {
    /// Overload, or a cluster that could not decide now.
    fileprivate var isOfThisAttemptAlone: Bool { status == 429 || status >= 500 }
}
