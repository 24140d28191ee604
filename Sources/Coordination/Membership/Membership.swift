// SPDX-License-Identifier: Apache-2.0
import CatalogCore
import Primitives
import Synchronization

/// What this worker is to a cluster, and the only ways that may change.
///
/// ```
///            promise, form                 ┌──────────┐
///   fresh ─────────────────────────────────▶  voter   │
///     │  admit                             └──────────┘
///     ├────────────────────────────────────▶ observer
///     └── name belongs to a silent store ──▶ replacing ──(later) admit──▶ observer
///
///   observer ◀── enlist, release: as a leader says ──▶ voter
///   observer ── its cluster goes on in another one ──▶ observer there
/// ```
///
/// Invariants:
/// 1. Identity is on disk before the state says so; who is a member stays one, of the same cluster or
///    of one that goes on from it.
/// 2. At most one promise is in force; it binds for ten seconds.
/// 3. One change at a time.
final class Membership: Sendable {
    enum State: Sendable, Hashable {
        case fresh
        case replacing
        case observer(ClusterID, NodeID)
        case voter(ClusterID, NodeID)
    }

    private struct Promise {
        let initialisation: UniqueID
        let untilMS: UInt64
    }

    private struct Storage {
        var state: State
        var promise: Promise?
        var isForming = false
    }

    private static let promiseMS: UInt64 = 10_000

    private let storage: Mutex<Storage>
    /// 1 once this worker is a member.
    let memberMark = Waiters(reached: 0)

    init(_ state: State) {
        storage = Mutex(Storage(state: state))
        if state.node != nil { memberMark.advance(to: 1) }
    }

    var state: State { storage.withLock { $0.state } }
    var cluster: ClusterID? { state.cluster }
    var node: NodeID? { state.node }

    /// Promises this worker to one init, again to the same, or not at all.
    ///
    /// - Returns: The init it is promised to; `nil` if it is not fresh.
    func promise(_ initialisation: UniqueID, nowMS: UInt64) -> UniqueID? {
        storage.withLock { storage in
            guard storage.state == .fresh, !storage.isForming else { return nil }
            if let promise = storage.promise, promise.untilMS > nowMS,
                promise.initialisation != initialisation
            {
                return promise.initialisation  // Invariant 2.
            }
            storage.promise = Promise(
                initialisation: initialisation,
                untilMS: nowMS + Self.promiseMS
            )
            return initialisation
        }
    }

    /// Takes the promise to this init back; of another one's nothing changes.
    func release(_ initialisation: UniqueID) {
        storage.withLock { storage in
            if storage.promise?.initialisation == initialisation { storage.promise = nil }
        }
    }

    /// Lets one caller at a time turn a fresh worker into a member.
    ///
    /// `initialisation` is `nil` for an admission, which no promise may be waiting for.
    func beginJoining(_ initialisation: UniqueID?, nowMS: UInt64) -> Bool {
        storage.withLock { storage in
            guard storage.state.node == nil, !storage.isForming else { return false }
            // Whose name is another store's, even a silent one's, gets no vote by an init.
            if initialisation != nil, storage.state == .replacing { return false }
            if let promise = storage.promise, promise.untilMS > nowMS,
                promise.initialisation != initialisation
            {
                return false
            }
            storage.isForming = true
            return true
        }
    }

    /// Ends what ``beginJoining(_:nowMS:)`` began; `nil` leaves the state as it was.
    func endJoining(_ state: State?) {
        storage.withLock { storage in
            precondition(storage.isForming, "nobody was joining")
            storage.isForming = false
            if let state {
                storage.state = state
                storage.promise = nil
            }
        }
        if state?.node != nil { memberMark.advance(to: 1) }
    }

    /// Lets one caller at a time make a voter of an observer; ``endVoting(_:)`` must follow.
    ///
    /// - Returns: The state now; `nil` if this worker is no observer, or another caller is at it.
    func beginVoting() -> State? {
        begin { if case .observer = $0 { true } else { false } }
    }

    /// The same for a voter that is to observe.
    func beginObserving() -> State? { begin(\.isVoter) }

    /// The same for an observer whose cluster goes on in another one.
    func beginFollowing() -> State? { beginVoting() }

    private func begin(_ isFit: (State) -> Bool) -> State? {
        storage.withLock { storage in
            guard isFit(storage.state), !storage.isForming else { return nil }
            storage.isForming = true  // Invariant 3.
            return storage.state
        }
    }

    /// Ends what ``beginVoting()`` or ``beginObserving()`` began.
    func endVoting(_ state: State) {
        storage.withLock { storage in
            precondition(storage.isForming, "nobody was changing")
            storage.isForming = false
            storage.state = state
        }
    }

    /// Whether this worker waits for its name's former store to be retired.
    func setReplacing(_ isReplacing: Bool) {
        storage.withLock { storage in
            if storage.state == .fresh, isReplacing { storage.state = .replacing }
            if storage.state == .replacing, !isReplacing { storage.state = .fresh }
        }
    }
}

extension Membership.State {
    var cluster: ClusterID? {
        switch self {
        case .fresh, .replacing: nil
        case .observer(let cluster, _), .voter(let cluster, _): cluster
        }
    }

    var node: NodeID? {
        switch self {
        case .fresh, .replacing: nil
        case .observer(_, let node), .voter(_, let node): node
        }
    }

    /// The same member with a vote to come.
    var voting: Self {
        if case .observer(let cluster, let node) = self { .voter(cluster, node) } else { self }
    }

    /// The same member without one.
    var observing: Self {
        if case .voter(let cluster, let node) = self { .observer(cluster, node) } else { self }
    }

    var isVoter: Bool {
        if case .voter = self { true } else { false }
    }
}
