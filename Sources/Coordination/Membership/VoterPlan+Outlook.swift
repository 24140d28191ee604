// SPDX-License-Identifier: Apache-2.0
package import CatalogCore
import Primitives
import RaftCore

/// What the plan is, for people.
extension VoterPlan {
    /// What the leader does next, what for, and what it waits for.
    package var outlook: VotingOutlook {
        guard let aim = move ?? aims.first else {
            return VotingOutlook(weakness: weakness)
        }
        return VotingOutlook(
            action: aim.action,
            leaving: aim.leaving.map { name(of: $0.node) },
            coming: aim.coming.map(\.name),
            reason: reason(for: aim),
            waitsFor: aim.obstacle.map(text) ?? progress(of: aim),
            weakness: weakness
        )
    }

    /// What would become of the votes if this were asked for, and whether it is safe.
    package func verdict(on wish: VoteWish) -> VotingVerdict {
        var changed = catalog
        _ = changed.apply(CatalogCommand(operation: .voting(.wish(wish))))
        let plan = VoterPlan(
            members: members,
            catalog: changed,
            sight: sight,
            leader: leader,
            failed: failed,
            isWaitingForNamesake: isWaitingForNamesake,
            patienceMS: patienceMS,
            leadingRegion: leadingRegion
        )
        return switch wish.kind {
        case .demoted: plan.demotion(of: wish.node)
        case .promoted: plan.promotion(of: wish.node)
        }
    }

    private func demotion(of node: NodeID) -> VotingVerdict {
        let name = self.name(of: node)
        guard let voter = members.incoming.first(where: { $0.node == node }) else {
            return .safe("\(name) has no vote, and gets none from now on")
        }
        let count = members.incoming.count
        guard let aim = feasible(aims.filter { $0.leaving.contains(voter) }) else {
            return .unsafe(
                count == 1
                    ? "\(name) is the only voter, and nobody could take its place; start another "
                        + "worker first"
                    : "\(name) is one of \(Self.tolerance(of: count)), and nobody could take its "
                        + "place: the \(count - 1) left would tolerate the loss of "
                        + "\((count - 2) / 2); start another worker first, or want fewer votes "
                        + "(tarn cluster update --voters N)"
            )
        }
        let change =
            aim.coming.isEmpty
            ? "\(name) gives its vote up" : "\(name) gives its vote to \(places(of: aim.coming))"
        return .safe(change + after(aim))
    }

    private func promotion(of node: NodeID) -> VotingVerdict {
        let name = self.name(of: node)
        if members.incoming.contains(where: { $0.node == node }) {
            return .safe("\(name) votes, and keeps its vote")
        }
        guard sight.isAlive(node) else { return .unsafe("\(name) does not answer") }
        guard !failed.contains(node) else {
            return .unsafe("\(name) was asked to vote a while ago, and did not come; see its log")
        }
        guard let aim = feasible(aims.filter { $0.coming.contains { $0.id == node } }) else {
            let promoted = members.incoming.filter { seat(of: $0).isPromoted }
            let names = promoted.map { self.name(of: $0.node) }.joined(separator: ", ")
            return .unsafe(
                "\(name) cannot get a vote: of \(Self.tolerance(of: members.incoming.count)), "
                    + "\(promoted.count) belong to promoted workers"
                    + (names.isEmpty ? "" : " (\(names))")
                    + "; demote one, or want more votes (tarn cluster update --voters N)"
            )
        }
        let others = aim.coming.filter { $0.id != node }.map(\.name).joined(separator: ", ")
        let change =
            aim.leaving.isEmpty
            ? "\(name) gets a vote" + (others.isEmpty ? "" : ", together with \(others)")
            : "\(name) gets the vote of " + names(aim.leaving)
        return .safe(change + after(aim))
    }

    /// One that can be done now, else one that only has to wait.
    private func feasible(_ aims: [VoterAim]) -> VoterAim? {
        aims.first { $0.obstacle == nil }
            ?? aims.first { aim in
                if case .candidates = aim.obstacle { return false }
                return true
            }
    }

    // MARK: - Words

    private func after(_ aim: VoterAim) -> String {
        let count = members.incoming.count - aim.leaving.count + aim.coming.count
        return "; afterwards there are \(Self.tolerance(of: count))"
            + (aim.obstacle.map { "; first it waits for \(text($0))" } ?? "")
    }

    private static func tolerance(of count: Int) -> String {
        "\(count) voter\(count == 1 ? "" : "s"), which tolerate\(count == 1 ? "s" : "") the loss of "
            + "\((count - 1) / 2)"
    }

    private func reason(for aim: VoterAim) -> String {
        switch aim.cause {
        case .lost: "the store of \(names(aim.leaving)) is lost"
        case .surplus, .shortage:
            members.incoming.count == 1
                ? "there is 1 vote, \(target) are wanted"
                : "there are \(members.incoming.count) votes, \(target) are wanted"
        case .silent(let ms): "\(names(aim.leaving)) is silent for \(Self.seconds(ms))"
        case .unwelcome: "\(names(aim.leaving)) was demoted or is leaving the cluster"
        case .promoted: "\(aim.coming.map(\.name).joined(separator: ", ")) was promoted"
        case .spread: "the votes stand too close together, or too far from home"
        }
    }

    private func text(_ obstacle: VoterAim.Obstacle) -> String {
        switch obstacle {
        case .namesake: "the worker that has the lost one's name, ten seconds"
        case .candidates(let have, let need):
            "\(need) worker\(need == 1 ? "" : "s") that could vote"
                + (home.map { " in \($0)" } ?? "") + ", of which there "
                + (have == 1 ? "is 1" : "are \(have)")
        case .patience(let left):
            "\(Self.seconds(left)) more of silence: a vote moves after \(Self.seconds(patienceMS))"
        case .contact(let nodes):
            "\(nodes.map(name(of:)).joined(separator: ", ")) to answer again, or to be replaced"
        }
    }

    /// How far the newcomers are.
    private func progress(of aim: VoterAim) -> String? {
        for worker in aim.coming {
            guard sight.hasLog(worker.id) else { return "\(worker.name) to make its log" }
            guard members.learners.contains(Voter(worker)), sight.isCaughtUp(worker.id) else {
                return "\(worker.name) to get the log"
            }
        }
        return nil
    }

    /// What the votes do not survive although they should, while nobody could mend it.
    private var weakness: String? {
        let seats = members.incoming.map { seat(of: $0) }
        let spare = (seats.count - 1) / 2
        guard seats.count > 1 else {
            return target > 1 ? "the only voter is \(names(members.incoming))" : nil
        }
        for seat in seats {
            let (place, count) =
                home == nil
                ? ("region \(seat.region)", seats.count { $0.region == seat.region })
                : (
                    "zone \(seat.zone) of \(seat.region)",
                    seats.count { $0.region == seat.region && $0.zone == seat.zone }
                )
            if count > spare {
                return "the loss of \(place), where \(count) of \(seats.count) voters are, "
                    + "would be the loss of the quorum"
            }
        }
        return nil
    }

    private func places(of workers: [WorkerEntry]) -> String {
        workers.map { "\($0.name) (\($0.region), \($0.zone))" }.joined(separator: ", ")
    }

    private func names(_ voters: [Voter]) -> String {
        voters.map { name(of: $0.node) }.joined(separator: ", ")
    }

    private func name(of node: NodeID) -> String {
        catalog.worker(id: node)?.name ?? catalog.retired(node: node)?.name ?? node.description
    }

    private static func seconds(_ milliseconds: UInt64) -> String {
        "\(Timespan(milliseconds: max(1_000, milliseconds / 1_000 * 1_000)))"
    }
}

extension VoterAim {
    fileprivate var action: VotingOutlook.Action {
        switch cause {
        case .lost, .silent: .replace
        case .surplus: .shrink
        case .shortage: .grow
        case .unwelcome, .promoted, .spread: .exchange
        }
    }
}
