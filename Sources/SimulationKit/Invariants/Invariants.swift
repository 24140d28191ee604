// SPDX-License-Identifier: Apache-2.0

/// All invariants of a world, in the order in which they are looked at.
///
/// Each under its own type, not as a list of any kind: they are looked at after every event.
struct Invariants {
    private var electionSafety = ElectionSafety()
    private var logMatching = LogMatching()
    private var leaderCompleteness: LeaderCompleteness
    private var stateMachineSafety = StateMachineSafety()
    private var equalStates: EqualStates
    private var revisionsGrow: RevisionsGrow
    private var oneOutcomePerKey = OneOutcomePerKey()
    private var commitDurability: CommitDurability
    private var promiseDurability = PromiseDurability()
    private var acknowledgedWrites = AcknowledgedWrites()
    private var readFreshness = ReadFreshness()
    private var monotoneState: MonotoneState
    private var configurationsOneByOne = ConfigurationsOneByOne()
    private var recoveryExactness = RecoveryExactness()
    private var watchInvariants = WatchInvariants()

    init(nodeLimit: Int) {
        leaderCompleteness = LeaderCompleteness(nodeLimit: nodeLimit)
        equalStates = EqualStates(nodeLimit: nodeLimit)
        revisionsGrow = RevisionsGrow(nodeLimit: nodeLimit)
        commitDurability = CommitDurability(nodeLimit: nodeLimit)
        monotoneState = MonotoneState(nodeLimit: nodeLimit)
    }

    /// The first that does not hold, by its name, and what is wrong.
    mutating func violation(after observation: Observation, in world: World) -> String? {
        if let problem = look(&electionSafety, observation, world) { return problem }
        if let problem = look(&logMatching, observation, world) { return problem }
        if let problem = look(&leaderCompleteness, observation, world) { return problem }
        if let problem = look(&stateMachineSafety, observation, world) { return problem }
        if let problem = look(&equalStates, observation, world) { return problem }
        if let problem = look(&revisionsGrow, observation, world) { return problem }
        if let problem = look(&oneOutcomePerKey, observation, world) { return problem }
        if let problem = look(&commitDurability, observation, world) { return problem }
        if let problem = look(&promiseDurability, observation, world) { return problem }
        if let problem = look(&acknowledgedWrites, observation, world) { return problem }
        if let problem = look(&readFreshness, observation, world) { return problem }
        if let problem = look(&monotoneState, observation, world) { return problem }
        if let problem = look(&configurationsOneByOne, observation, world) { return problem }
        if let problem = look(&recoveryExactness, observation, world) { return problem }
        if world.watched.isEmpty { return nil }
        return watchInvariants.violation(after: observation, in: world)
    }
}

func look<One: Invariant>(
    _ invariant: inout One,
    _ observation: Observation,
    _ world: World
) -> String? {
    invariant.violation(after: observation, in: world).map { "\(One.self): \($0)" }
}
