// SPDX-License-Identifier: Apache-2.0
import CatalogCore
import Codecs
import Logging
import PeerTransport
import Primitives
import Synchronization

/// What a worker keeps doing: watch the others, find lost voters, follow the feed, keep its entry and
/// its checkpoint true.
extension CoordinationNode {
    /// Waits until this worker is a member; `false` when cancelled first.
    func untilMember() async -> Bool {
        while !Task.isCancelled {
            if await membership.memberMark.wait(for: 1, within: .seconds(3600)) { return true }
        }
        return false
    }

    func watchHealth() async {
        guard await untilMember() else { return }
        noteOwnAddresses()
        listeningSinceMS.withLock { $0 = settings.now() }
        await withDiscardingTaskGroup { group in
            group.addTask {
                await self.health.run(
                    nodes: { self.othersVotersFirst },
                    request: self.statusRequest,
                    pauseMS: { self.askingPauseMS },
                    heard: { self.heard($0, askedAtMS: $1) }
                )
            }
            group.addTask { await self.searchVoters() }
        }
    }

    /// Workers of a cluster in which everybody may ask everybody.
    private static let fewWorkers = 64

    /// Whom to ask how they are.
    ///
    /// A worker that relays feed is told about the voters with the feed; of many such workers none asks
    /// them.
    private var othersVotersFirst: [NodeID] {
        let members = voters + learners
        let candidate = candidate.withLock { $0 }
        let first = members + [candidate].compactMap { $0 }.filter { !members.contains($0) }
        let workers = replica.catalog.workers.map(\.id)
        let others = workers.filter { !first.contains($0) && $0 != membership.node }
        guard asksVoters else { return others + (workers.count > Self.fewWorkers ? [] : first) }
        return first.filter { $0 != membership.node } + others
    }

    /// From one round of questions to the next: nothing hangs on what a worker hears that asks no voters.
    private var askingPauseMS: UInt64 {
        asksVoters ? HealthMonitor.intervalMS : 4 * HealthMonitor.intervalMS
    }

    /// What this worker says of itself when it asks others how they are.
    var statusRequest: StatusRequest {
        StatusRequest(peerAddress: registration.addresses.peer)
    }

    private func heard(_ reply: StatusReply, askedAtMS: UInt64) {
        locations.heard(reply.node, at: reply.addresses)
        guard let age = reply.age else { return }
        staleness.heard(
            index: reply.index,
            age: age,
            askedAtMS: askedAtMS,
            applied: replica.applied
        )
    }

    /// Looks through `join` while a voter does not answer: it may have moved.
    private func searchVoters() async {
        while !Task.isCancelled {
            let missing = voters.filter { $0 != membership.node && !health.answersNow($0) }
            if !missing.isEmpty || voters.isEmpty {
                for address in settings.join {
                    guard
                        let hello = try? await peers.probe(address, timeout: .seconds(1)),
                        hello.cluster == membership.cluster, let node = hello.node,
                        node != membership.node
                    else { continue }
                    book.learned(node, at: address)
                }
            }
            learnAddresses()
            try? await Task.sleep(for: .milliseconds(300))
        }
    }

    /// Keeps this worker's entry in the catalog true, and asks for its place in the ring.
    func keepRegistered() async {
        guard await untilMember() else { return }
        let started = settings.now()
        while !Task.isCancelled {
            let isSettled = settings.now() - started >= Self.addressSettlingMS
            let command = registrationNeeded(addressesCount: isSettled)
            if let command {
                _ = try? await submit(command, within: .seconds(10))  // Repeated if it failed.
            }
            try? await Task.sleep(for: .milliseconds(command == nil ? 1000 : 200))
        }
    }

    /// New addresses alone are told from worker to worker at once, and written into the catalog, for
    /// clients that read it later, only once they have lasted.
    private static let addressSettlingMS: UInt64 = 60_000

    private func registrationNeeded(addressesCount: Bool) -> CatalogCommand? {
        guard let node = membership.node, let entry = replica.catalog.worker(id: node),
            replica.catalog.cluster != nil
        else { return nil }
        if !registration.isDescribed(by: entry, addressesCount: addressesCount) {
            return CatalogCommand(operation: .register(registration))
        }
        if entry.state == .joining { return CatalogCommand(operation: .activate(node)) }
        return nil
    }

    /// Shortest time between two checkpoints.
    ///
    /// A voter's log has everything already; what the checkpoint adds is how much of it was known to be
    /// committed. On the log's disk each costs two syncs that writes wait behind.
    private var checkpointPause: Duration { driver == nil ? .milliseconds(500) : .seconds(5) }

    /// Saves the replica when it has changed, so that a worker cut off can start from it.
    func keepCheckpoint() async {
        guard await untilMember() else { return }
        while !Task.isCancelled {
            let before = ContinuousClock.now
            saveCheckpoint()
            let spent = ContinuousClock.now - before
            try? await Task.sleep(for: max(checkpointPause, spent * 20))
        }
    }

    /// Writes the replica where it has changed since the last time.
    func saveCheckpoint() {
        do throws(MembershipStoreError) {
            try store.saveCheckpoint { [replica] in
                replica.sound.flatMap { $0.catalog.cluster == nil ? nil : $0 }
            }
            checkpointProblem.withLock { $0 = nil }
        } catch {
            let isNews = checkpointProblem.withLock { problem in
                defer { problem = error }
                return problem != error
            }
            guard isNews else { return }  // Tried again soon.
            log.error("the catalog's checkpoint cannot be written", metadata: ["error": "\(error)"])
        }
    }
}

extension WorkerRegistration {
    /// Whether the entry says the same.
    ///
    /// Addresses, and when the worker started, are compared only once they have lasted: a restart
    /// alone changes nothing that others rely on.
    func isDescribed(by entry: WorkerEntry, addressesCount: Bool) -> Bool {
        let isSame =
            entry.store == store && entry.region == region && entry.zone == zone
            && entry.capacity == capacity && entry.version == version
        let isWhere = entry.addresses == addresses && entry.startedAtUnixMS == startedAtUnixMS
        return isSame && (isWhere || !addressesCount)
    }
}
