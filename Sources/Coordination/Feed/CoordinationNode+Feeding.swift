// SPDX-License-Identifier: Apache-2.0
import CatalogCore
import Codecs
package import FeedCore
import PeerTransport
package import Primitives
import RaftCore

/// Feeding others: any worker can, and the tree says who should.
extension CoordinationNode {
    /// The feed's tree by the newest catalog here.
    var feedTree: FeedTree {
        feedTrees.tree(of: replica.catalog, voters: voters, nowMS: settings.now())
    }

    /// Whether this worker asks the voters how they are, instead of being told by its source.
    ///
    /// Those do whom the voters feed: a few in each region, however many workers there are.
    var asksVoters: Bool {
        guard let node = membership.node else { return true }
        return membership.state.isVoter || feedTree.isDirect(node, in: settings.region)
    }

    /// This worker's part in the feed as it is now.
    package var feedFacts: FeedFacts {
        FeedFacts(
            place: membership.node.map(feedTree.place(of:)) ?? .observer,
            source: feedLine.source,
            standby: feedLine.standby,
            streams: feedDesk.streamCount,
            sentBytes: feedDesk.sentBytes,
            changes: feedLine.changeCount,
            age: age
        )
    }

    func serveFeed(
        _ body: [UInt8],
        to remote: PeerHello,
        into sink: PeerStreamSink
    ) async -> PeerFailure? {
        guard let own = membership.node, remote.cluster == membership.cluster else {
            return .because(.notInitialised, "not a member of your cluster")
        }
        guard let request = try? FeedRequest(decoding: body) else {
            return .because(.badRequest, "not a feed request")
        }
        // Who has nothing to give would keep a follower for ever, itself among them.
        guard replica.catalog.cluster != nil else {
            return .because(.refused, "there is no catalog here yet")
        }
        // Another one serves the same feed, from a catalog that is right.
        guard !replica.isRebuilding else { return .because(.refused, "the catalog is rebuilt") }
        let (guest, others) = admit(remote)
        guard let guest else {
            return PeerFailure(
                code: PeerFailureCode.full.rawValue,
                body: FeedReferral.encode(others)
            )
        }
        defer { feedDesk.admission { $0.release(guest, of: remote.node) } }
        let server = FeedServer(replica: replica, desk: feedDesk, now: settings.now) {
            self.beacon(behind: $0, as: own)
        }
        try? await server.serve(request, into: sink) {  // Its reader left.
            self.feedDesk.admission { $0.holds(guest, of: remote.node) }
        }
        return nil
    }

    func answerOffer(from remote: PeerHello) throws(PeerFailure) -> [UInt8] {
        try requireMember(remote)
        guard let own = membership.node, !replica.isRebuilding else {
            throw .because(.refused, "the catalog is rebuilt")
        }
        let clock = settings.now()  // First: the age is no greater at that moment.
        let age = age
        let isDirect = isDirect(remote)
        let isVoter = driver != nil
        let hasRoom = feedDesk.admission { $0.hasRoom(isDirect: isDirect, isVoter: isVoter) }
        return FeedOffer(hasRoom: hasRoom, clockMS: clock, age: age, path: path(as: own)).encode()
    }

    private func isDirect(_ remote: PeerHello) -> Bool {
        remote.node.map { feedTree.isDirect($0, in: remote.region) } ?? false
    }

    private func admit(_ remote: PeerHello) -> (FeedAdmission.Ticket?, others: [NodeID]) {
        let isDirect = isDirect(remote)
        let isVoter = driver != nil
        return feedDesk.admission { admission in
            let ticket = admission.admit(
                remote.node,
                of: remote.region,
                isDirect: isDirect,
                isVoter: isVoter
            )
            return (ticket, admission.others(for: remote.node, of: remote.region))
        }
    }

    // MARK: - Beacons

    private func beacon(behind index: LogIndex, as own: NodeID) -> FeedBeacon {
        let clock = settings.now()  // First: the age is no greater at that moment.
        let age = age
        return FeedBeacon(
            index: index,
            clockMS: clock,
            covers: replica.applied,  // Last: the age was of no more.
            age: age,
            path: path(as: own),
            term: driver?.state.term ?? health.leadership(of: voters)?.term ?? .zero,
            leader: knownLeader,
            voters: voterWords(as: own)
        )
    }

    /// From this worker to the voter that it has everything from.
    private func path(as own: NodeID) -> [NodeID] {
        guard let beacon = feedLine.beacon else { return [own] }
        return [own] + beacon.path
    }

    private func voterWords(as own: NodeID) -> [VoterWord] {
        voters.map { voter in
            if voter == own {
                return VoterWord(
                    node: own,
                    answers: true,
                    votes: driver != nil && store.rejectedLog == nil,
                    index: replica.applied
                )
            }
            return VoterWord(
                node: voter,
                answers: health.answersNow(voter),
                votes: health.votesNow(voter),
                index: health.index(of: voter) ?? .zero
            )
        }
    }
}

/// What one worker's part in the feed is.
package struct FeedFacts: Sendable {
    /// By the catalog.
    package let place: FeedTree.Place
    /// Who feeds it; `nil`: nobody, or it votes.
    package let source: NodeID?
    /// The source at hand, should that one go.
    package let standby: NodeID?
    /// Workers that it feeds.
    package let streams: Int
    package let sentBytes: UInt64
    /// Times that it has left a source for another.
    package let changes: UInt64
    /// Of its catalog.
    package let age: Timespan?
}
