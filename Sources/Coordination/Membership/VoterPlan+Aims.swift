// SPDX-License-Identifier: Apache-2.0
import CatalogCore
import Primitives
import RaftCore

/// What the votes lack, and who would mend it.
///
/// 1. A set never gets smaller but down to the number wanted, and then only if all who stay answer.
/// 2. Its size stays odd: one voter more than an odd number tolerates no further loss.
/// 3. Whoever leaves for another answers no better than that one; what is not urgent waits until every
///    voter answers.
/// 4. Every exchange makes the set better (``VoterCost``), so that they end.
extension VoterPlan {
    var allAims: [VoterAim] {
        let candidates = self.candidates
        let urgent = [filling(candidates), shrinking, replacing(candidates)].compactMap { $0 }
        return urgent + [growing(candidates), improving(candidates)].compactMap { $0 }
    }

    // MARK: - Aims, most urgent first

    private func filling(_ candidates: [WorkerEntry]) -> VoterAim? {
        guard let lost else { return nil }
        let name = catalog.retired(store: lost.store)?.name
        let staying = members.incoming.filter { $0 != lost }
        guard let best = fittest(of: candidates, beside: staying, namesake: name) else {
            return VoterAim(.lost, leaving: [lost], obstacle: .candidates(have: 0, need: 1))
        }
        let isWaiting = isWaitingForNamesake && best.name != name
        return VoterAim(
            .lost,
            leaving: [lost],
            coming: [best],
            obstacle: isWaiting ? .namesake : nil
        )
    }

    private var shrinking: VoterAim? {
        var staying = members.incoming
        guard staying.count > target else { return nil }
        while staying.count > target {
            let worst = staying.min { left, right in
                let (without, with) = (
                    shrunkCost(staying.filter { $0 != left }),
                    shrunkCost(staying.filter { $0 != right })
                )
                return without != with ? without < with : leavesFirst(left, before: right)
            }
            guard let worst else { break }
            staying.removeAll { $0 == worst }
        }
        let silent = staying.filter { !answers($0) }.map(\.node)
        return VoterAim(
            .surplus,
            leaving: members.incoming.filter { !staying.contains($0) },
            obstacle: silent.isEmpty ? nil : .contact(silent)
        )
    }

    /// Who is merely silent goes before one that answers.
    private func shrunkCost(_ voters: [Voter]) -> VoterCost {
        VoterCost(voters.map { seat(of: $0, isDead: !answers($0)) }, home: home)
    }

    private func replacing(_ candidates: [WorkerEntry]) -> VoterAim? {
        let silent = members.incoming.filter { isRegistered($0) && !answers($0) }
        guard let worst = silent.max(by: { silence(of: $0) < silence(of: $1) }) else { return nil }
        let silenceMS = silence(of: worst)
        let best = fittest(of: candidates, beside: members.incoming.filter { $0 != worst })
        return VoterAim(
            .silent(forMS: silenceMS),
            leaving: [worst],
            coming: best.map { [$0] } ?? [],
            obstacle: silenceMS < patienceMS
                ? .patience(leftMS: patienceMS - silenceMS)
                : best == nil ? .candidates(have: 0, need: 1) : nil
        )
    }

    private func growing(_ candidates: [WorkerEntry]) -> VoterAim? {
        guard members.incoming.count < target, lost == nil else { return nil }
        let need = members.incoming.count % 2 == 0 ? 1 : 2
        var left = candidates.filter { worker in
            !failed.contains(worker.id) && (home == nil || worker.region == home)
        }
        var coming: [WorkerEntry] = []
        while coming.count < need,
            let best = fittest(of: left, beside: members.incoming + coming.map(Voter.init))
        {
            coming.append(best)
            left.removeAll { $0.id == best.id }
        }
        return VoterAim(
            .shortage,
            coming: coming,
            obstacle: coming.count < need ? .candidates(have: coming.count, need: need) : nil
        )
    }

    /// One vote for another that makes the set better.
    private func improving(_ candidates: [WorkerEntry]) -> VoterAim? {
        let before = VoterCost(members.incoming.map { seat(of: $0) }, home: home)
        let exchanges =
            candidates
            .filter { !failed.contains($0.id) }
            .compactMap { exchange(for: $0) }
            .filter { $0.cost < before }
        let best = exchanges.min { left, right in
            let (first, second) = (eagerness(left.coming), eagerness(right.coming))
            return first != second ? first < second : left.cost < right.cost
        }
        guard let best else { return unwelcomeForGood }
        let isUnwelcome = best.cost[.unwelcome] < before[.unwelcome]
        // Whether who was demoted answers makes no difference.
        let silent = members.incoming.filter {
            !answers($0) && !(isUnwelcome && $0 == best.leaving)
        }.map(\.node)
        return VoterAim(
            isUnwelcome
                ? .unwelcome : best.cost[.promoted] < before[.promoted] ? .promoted : .spread,
            leaving: [best.leaving],
            coming: [best.coming],
            obstacle: silent.isEmpty ? nil : .contact(silent)
        )
    }

    private func exchange(
        for coming: WorkerEntry
    ) -> (leaving: Voter, coming: WorkerEntry, cost: VoterCost)? {
        let options = members.incoming.map { leaving in
            let staying = members.incoming.filter { $0 != leaving }
            return (leaving: leaving, coming: coming, cost: cost(staying, and: coming))
        }
        return options.min { left, right in
            left.cost != right.cost
                ? left.cost < right.cost : leavesFirst(left.leaving, before: right.leaving)
        }
    }

    /// A voter that should have no vote keeps it as long as nobody could take it.
    private var unwelcomeForGood: VoterAim? {
        guard let voter = members.incoming.first(where: { seat(of: $0).isUnwelcome }) else {
            return nil
        }
        return VoterAim(.unwelcome, leaving: [voter], obstacle: .candidates(have: 0, need: 1))
    }

    // MARK: - Who

    /// Workers that could get a vote, in the order of ``eagerness(_:)``; at most two of a kind, because
    /// more of them make no difference and are thousands.
    private var candidates: [WorkerEntry] {
        let name = lost.flatMap { catalog.retired(store: $0.store)?.name }
        let able = catalog.workers.filter(isCandidate).sorted { left, right in
            let (first, second) = (
                eagerness(left, namesake: name), eagerness(right, namesake: name)
            )
            return first != second ? first < second : left.name < right.name
        }
        var counts: [Kind: Int] = [:]
        return able.filter { worker in
            let (region, zone) = (worker.region, worker.zone)
            let kind = Kind(region: region, zone: zone, isPromoted: isPromoted(worker))
            let count = counts[kind, default: 0]
            counts[kind] = count + 1
            return count < 2
        }
    }

    private struct Kind: Hashable {
        let region: String
        let zone: String
        let isPromoted: Bool
    }

    private func isCandidate(_ worker: WorkerEntry) -> Bool {
        guard [.joining, .active].contains(worker.state), !isUnwelcome(worker),
            !members.incoming.contains(where: { $0.node == worker.id })
        else { return false }
        let voter = Voter(worker)
        return members.learners.contains(voter) ? isFit(voter) : sight.isAlive(worker.id)
    }

    /// Who gets a vote beside these: who was chosen before, else the lost one's namesake, else where it
    /// serves best; by name.
    private func fittest(
        of candidates: [WorkerEntry],
        beside staying: [Voter],
        namesake: String? = nil
    ) -> WorkerEntry? {
        candidates.min { left, right in
            let (first, second) = (
                eagerness(left, namesake: namesake), eagerness(right, namesake: namesake)
            )
            if first != second { return first < second }
            let (one, other) = (cost(staying, and: left), cost(staying, and: right))
            return one != other ? one < other : left.name < right.name
        }
    }

    /// Less for those to be asked first, wherever they stand.
    private func eagerness(_ worker: WorkerEntry, namesake: String? = nil) -> Int {
        if failed.contains(worker.id) { return 4 }
        if members.learners.contains(Voter(worker)) { return 0 }
        if worker.id == chosen { return 1 }
        return worker.name == namesake ? 2 : 3
    }

    /// Of two that could as well leave, who does not lead, has no priority, came last.
    private func leavesFirst(_ left: Voter, before right: Voter) -> Bool {
        if left.node == leader || right.node == leader { return right.node == leader }
        let (one, other) = (members.priority(of: left.node), members.priority(of: right.node))
        return one != other ? one < other : left.node > right.node
    }

    // MARK: - How well

    /// How many are to vote.
    var target: Int { catalog.cluster?.targetVoterCount ?? members.incoming.count }

    /// Whether a voter is in contact and still a worker's.
    func answers(_ voter: Voter) -> Bool { isRegistered(voter) && sight.isInContact(voter.node) }

    private func silence(of voter: Voter) -> UInt64 { sight.silenceMS(voter.node) }

    private func cost(_ staying: [Voter], and coming: WorkerEntry) -> VoterCost {
        VoterCost((staying + [Voter(coming)]).map { seat(of: $0) }, home: home)
    }

    func seat(of voter: Voter, isDead: Bool? = nil) -> VoterSeat {
        let worker = isRegistered(voter) ? catalog.worker(id: voter.node) : nil
        let isVoter = members.incoming.contains(voter)
        return VoterSeat(
            node: voter.node,
            region: worker?.region ?? "",
            zone: worker?.zone ?? "",
            isDead: isDead
                ?? (worker == nil
                    || isVoter && !answers(voter) && silence(of: voter) >= patienceMS),
            isUnwelcome: worker.map(isUnwelcome) ?? false,
            isPromoted: worker.map(isPromoted) ?? false
        )
    }

    private func isUnwelcome(_ worker: WorkerEntry) -> Bool {
        [.draining, .drained, .removed].contains(worker.state)
            || catalog.cluster?.wish(for: worker.id) == .demoted
    }

    private func isPromoted(_ worker: WorkerEntry) -> Bool {
        catalog.cluster?.wish(for: worker.id) == .promoted
    }

    // MARK: - Where

    /// The region where all should vote: that of most votes; `nil` where a region is to be survived.
    var home: String? {
        catalog.cluster?.survival == .region ? nil : regionOfMost(members.incoming)
    }

    /// The region of most votes; of equals the one that is preferred already, else the first by name.
    private func regionOfMost(_ voters: [Voter]) -> String? {
        let workers = voters.filter(isRegistered).compactMap { catalog.worker(id: $0.node) }
        func rank(_ region: String) -> (Int, Int) {
            let here = workers.filter { $0.region == region }
            let isPreferred = here.contains { members.priority(of: $0.id) > 0 }
            return (-here.count, isPreferred ? 0 : 1)
        }
        return workers.map(\.region).sorted().min { rank($0) < rank($1) }
    }

    /// Whom the cluster would rather have lead: where a region is to be survived, the voters of the one
    /// that was measured to be nearest to a quorum; before that, of the one with most votes.
    func priorities(of voters: [Voter]) -> [VoterSet.Priority] {
        guard catalog.cluster?.survival == .region else { return [] }
        func stand(in region: String?) -> [Voter] {
            voters.sorted().filter { catalog.worker(id: $0.node)?.region == region }
        }
        let measured = leadingRegion.map(stand) ?? []
        let preferred = measured.isEmpty ? stand(in: regionOfMost(voters)) : measured
        return preferred.map { VoterSet.Priority(node: $0.node, value: 1) }
    }
}
