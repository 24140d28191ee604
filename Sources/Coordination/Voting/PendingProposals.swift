// SPDX-License-Identifier: Apache-2.0
package import Primitives
package import RaftCore

/// The proposals of this node that wait for their entry to be applied.
///
/// Invariants:
/// 1. Each request is answered once.
/// 2. Only what is applied at its index settles a request: with the term it was proposed in, it is
///    applied; with another, it is overwritten for good (log matching) and has no effect. Before
///    that nobody knows: an entry cut off here may live on elsewhere and be committed yet, even
///    when this node leads again and has put another one in its place.
package struct PendingProposals {
    private var answers: [RaftRequestID: OneShot<ProposalResult>] = [:]
    /// More than one an index only where this node led, lost its place, and led again.
    private var requests: [LogIndex: [(term: Term, request: RaftRequestID)]] = [:]

    package init() {}

    package var count: Int { answers.count }

    package mutating func add(_ request: RaftRequestID, answer: OneShot<ProposalResult>) {
        precondition(answers[request] == nil, "request \(request) proposed twice")
        answers[request] = answer
    }

    package mutating func placed(_ request: RaftRequestID, at position: LogPosition) {
        requests[position.index, default: []].append((position.term, request))
    }

    package mutating func refused(_ request: RaftRequestID, _ refusal: RaftRefusal) {
        resolve(request, .refused(refusal))
    }

    package mutating func applied(_ position: LogPosition, result: [UInt8]) {
        for (term, request) in requests.removeValue(forKey: position.index) ?? [] {
            let isOurs = term == position.term  // Invariant 2.
            resolve(
                request,
                isOurs
                    ? .applied(position.index, result: result) : .refused(.notLeader(hint: nil))
            )
        }
    }

    /// A snapshot replaced everything up to `index`: nobody can say what became of those.
    package mutating func skipped(to index: LogIndex) {
        for hidden in requests.keys.filter({ $0 <= index }) {
            for (_, request) in requests.removeValue(forKey: hidden) ?? [] {
                resolve(request, .unknown)
            }
        }
    }

    private mutating func resolve(_ request: RaftRequestID, _ result: ProposalResult) {
        answers.removeValue(forKey: request)?.resolve(result)
    }
}
