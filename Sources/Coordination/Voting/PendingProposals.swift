// SPDX-License-Identifier: Apache-2.0
import Primitives
import RaftCore

/// The proposals of this node that wait for their entry to be applied.
///
/// Invariants:
/// 1. Each request is answered once.
/// 2. An entry answers a request only if index *and* term are those it was proposed with: an index
///    may be overwritten by another leader's entry.
struct PendingProposals {
    private var answers: [RaftRequestID: OneShot<ProposalResult>] = [:]
    private var requests: [LogIndex: (term: Term, request: RaftRequestID)] = [:]

    var count: Int { answers.count }

    mutating func add(_ request: RaftRequestID, answer: OneShot<ProposalResult>) {
        precondition(answers[request] == nil, "request \(request) proposed twice")
        answers[request] = answer
    }

    mutating func placed(_ request: RaftRequestID, at position: LogPosition) {
        if let earlier = requests[position.index] {
            resolve(earlier.request, .refused(.notLeader(hint: nil)))  // Overwritten by ourselves.
        }
        requests[position.index] = (position.term, request)
    }

    mutating func refused(_ request: RaftRequestID, _ refusal: RaftRefusal) {
        resolve(request, .refused(refusal))
    }

    mutating func applied(_ position: LogPosition, result: [UInt8]) {
        guard let (term, request) = requests.removeValue(forKey: position.index) else { return }
        let isOurs = term == position.term  // Invariant 2.
        resolve(
            request,
            isOurs ? .applied(position.index, result: result) : .refused(.notLeader(hint: nil))
        )
    }

    /// A snapshot replaced everything up to `index`: nobody can say what became of those.
    mutating func skipped(to index: LogIndex) {
        let hidden = requests.keys.filter { $0 <= index }
        for index in hidden {
            guard let (_, request) = requests.removeValue(forKey: index) else { continue }
            resolve(request, .unknown)
        }
    }

    private mutating func resolve(_ request: RaftRequestID, _ result: ProposalResult) {
        answers.removeValue(forKey: request)?.resolve(result)
    }
}
