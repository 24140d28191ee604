// SPDX-License-Identifier: Apache-2.0

import LogStorage
import Primitives
import RaftCore

/// What a driver does: feed the core, and do in order what it asks for.
extension World {
    mutating func scheduleTick(_ node: Int) {
        queue.add(.tick(node: node, life: nodes[node].life), at: nowUS + plan.tickUS)
    }

    mutating func tick(
        _ node: Int,
        _ life: UInt64,
        _ event: Event,
        _ observation: inout Observation
    ) {
        guard isAwake(node, life, event) else { return }
        scheduleTick(node)
        step(node, .tick(now: nodes[node].clock.readingMS(at: nowUS)), &observation)
        if !nodes[node].machine.isFormed { formCluster(node, &observation) }
    }

    mutating func arrive(
        _ parcel: SimulatedNetwork.Parcel,
        _ event: Event,
        _ observation: inout Observation
    ) {
        guard isAwake(parcel.to, nodes[parcel.to].life, event) else { return }
        switch parcel.letter.received {
        case .success(let message):
            tally.messages += 1
            step(parcel.to, .received(message, from: parcel.from), &observation)
        case .failure(let error): tally.complaint = "undecodable message: \(error)"
        }
    }

    mutating func step(_ node: Int, _ input: RaftInput, _ observation: inout Observation) {
        observation.node = node
        let effects = nodes[node].raft.step(input)
        journal.note(nowUS, nodes[node].voter.node, input)
        narrate(node, input, effects)
        for effect in effects { perform(effect, node, &observation) }
        startFlush(node)
        keepSnapshots(node)
    }

    private mutating func perform(
        _ effect: RaftEffect,
        _ node: Int,
        _ observation: inout Observation
    ) {
        switch effect {
        case .persist(let write):
            observation.writes.append(write)
            nodes[node].disk.ask(.write(write))
        case .send(let message, let voter, nil): send(message, to: voter, node, &observation)
        case .send(let message, let voter, let after?):
            nodes[node].held.append(.init(message: message, to: voter, after: after))
        case .apply(let entries):
            observation.applied.append(entries)
            apply(entries, node, &observation)
        case .proposed(let request, _) where request == Self.nobodysRequest: break
        case .dropped(let request, _) where request == Self.nobodysRequest: break
        case .proposed(let request, let position):
            nodes[node].writes.append(.init(operation: request.operation, position: position))
        case .dropped(let request, let refusal), .readFailed(let request, let refusal):
            refused(request.operation, refusal)
        case .readReady(let request, let index):
            nodes[node].reads.append(.init(operation: request.operation, index: index))
            answerReads(node, &observation)
        case .role(let role, _, _):
            if role == .leader { tally.elections += 1 }
        case .readSnapshot(let metadata, let peer, let offset, let byteCount):
            let range = Int(offset)..<Int(offset) + byteCount
            let life = nodes[node].life
            queue.add(
                .snapshotWanted(node: node, life: life, metadata, to: peer, range),
                at: nowUS + 300
            )
        case .installSnapshot(let metadata, let state):
            nodes[node].disk.ask(.installation(metadata, state))
        case .alarm(.slowDisk): break
        case .quarantine(_, agreed: _, let restart): rebuild(node, from: restart)
        case .rebuilt:
            nodes[node].endRebuild()
            tally.rebuilds += 1
        case .alarm(let alarm): tally.complaint = "\(nodes[node].voter.node): \(alarm)"
        case .changeRefused: tally.refusedChanges += 1
        }
    }

    private mutating func send(
        _ message: RaftMessage,
        to voter: Voter,
        _ node: Int,
        _ observation: inout Observation
    ) {
        if message.isPromise { observation.promises.append((message, voter)) }
        let target = position(of: voter.node)
        let parcel = SimulatedNetwork.Parcel(
            letter: post.letter(for: message),
            from: nodes[node].voter,
            to: target
        )
        let arrivals = network.route(
            parcel,
            from: node,
            isAppend: message.isAppend,
            nowUS: nowUS,
            using: &random
        )
        if let timeUS = arrivals.first { queue.add(.arrival(parcel), at: timeUS) }
        if let timeUS = arrivals.second { queue.add(.arrival(parcel), at: timeUS) }
        if let old = network.replay(nowUS: nowUS, using: &random) {
            queue.add(.arrival(old), at: nowUS + .random(in: 0...100_000, using: &random))
        }
    }

    // MARK: - Disk

    mutating func startFlush(_ node: Int) {
        guard nodes[node].disk.startFlush() else { return }
        var latencyUS = UInt64.random(in: 50...2 * plan.meanDiskUS, using: &random)
        if faultsAreOn {
            if plan.has(.slowDisks) { latencyUS *= 10 }
            if plan.has(.stalls), random.chance(percent: plan.stallPercent) {
                latencyUS += .random(in: 100_000...10_000_000, using: &random)
            }
        }
        queue.add(.flushed(node: node, life: nodes[node].life), at: nowUS + latencyUS)
    }

    mutating func flushed(
        _ node: Int,
        _ life: UInt64,
        _ event: Event,
        _ observation: inout Observation
    ) {
        guard isAwake(node, life, event) else { return }
        if faultsAreOn, plan.has(.persistPauses), random.chance(percent: 2) {
            nodes[node].pausedUntilUS = faultEndUS(within: 10_000...3_000_000, &random)
            queue.add(event, at: nodes[node].pausedUntilUS)
            return
        }
        observation.node = node
        var completions: [SimulatedDisk.Completion] = []
        let end = nodes[node].disk.finishFlush { completions.append($0) }
        for completion in completions { finished(completion, node, &observation) }
        switch end {
        case .done:
            if nodes[node].isDiskFull { tellSpace(node, &observation) }
            startFlush(node)
        case .stuck: waitForRoom(node, event, &observation)
        case .failed(let failure):
            // As in production: whatever else the disk says, the process ends.
            if failure.isFault { tally.diskErrors += 1 } else { complain(node, failure) }
            crash(node, random.chance(percent: 50) ? .power : .process)
        }
    }

    private mutating func finished(
        _ completion: SimulatedDisk.Completion,
        _ node: Int,
        _ observation: inout Observation
    ) {
        switch completion {
        case .persisted(let sequence):
            release(node, through: sequence, &observation)
            step(node, .persisted(sequence), &observation)
        case .snapshotTaken(let metadata, let state):
            nodes[node].latestSnapshot = (metadata, state)
            step(node, .snapshotTaken(metadata), &observation)
        case .snapshotGivenUp: tally.snapshotsGivenUp += 1  // The next one is a later one.
        case .snapshotInstalled(let metadata, let state):
            load(metadata, state, node, &observation)
        }
    }

    mutating func complain(_ node: Int, _ error: LogStorageError) {
        tally.complaint = "\(nodes[node].voter.node): \(error)"
    }

    /// Sends what waited for writes that are durable now.
    private mutating func release(
        _ node: Int,
        through sequence: WriteSequence,
        _ observation: inout Observation
    ) {
        guard nodes[node].held.first.map({ $0.after <= sequence }) == true else { return }
        var count = 0  // They stand in the order of their writes.
        while count < nodes[node].held.count, nodes[node].held[count].after <= sequence {
            let held = nodes[node].held[count]
            send(held.message, to: held.to, node, &observation)
            count += 1
        }
        nodes[node].held.removeFirst(count)
    }
}

// MARK: - Words

extension World {
    /// Tells whoever listens; without a listener no sentence is made.
    func narrate(_ sentence: @autoclosure () -> String) {
        guard let trace else { return }
        let micros = "\(1_000_000 + nowUS % 1_000_000)".dropFirst()
        trace("\(nowUS / 1_000_000).\(micros) \(sentence())")
    }

    private func narrate(_ node: Int, _ input: RaftInput, _ effects: [RaftEffect]) {
        guard trace != nil, !input.isTick || !effects.isEmpty else { return }
        let name = nodes[node].voter.node
        narrate("\(name) \(String(describing: input).prefix(400))")
        for effect in effects { narrate("\(name)     → \(String(describing: effect).prefix(400))") }
    }
}

extension RaftInput {
    fileprivate var isTick: Bool {
        if case .tick = self { true } else { false }
    }
}

extension RaftMessage {
    fileprivate var isAppend: Bool {
        if case .append = body { true } else { false }
    }
}
