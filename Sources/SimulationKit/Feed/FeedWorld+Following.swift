// SPDX-License-Identifier: Apache-2.0
import FeedCore
import Primitives

/// What a follower does, as `CoordinationNode.followFeed` does it.
extension FeedWorld {
    mutating func tick(_ worker: Int) {
        guard workers[worker].isAlive else { return }
        step(worker) { $0.tick(atMS: $1) }
        queue.add(.tick(worker), at: nowUS + Self.tickUS)
    }

    /// Lets a follower take a step, and does what it wants.
    mutating func step(
        _ worker: Int,
        _ body: (inout FeedFollower, UInt64) -> [FeedFollower.Action]
    ) {
        let clock = workers[worker].clockMS(at: nowUS)
        let before = workers[worker].follower.current
        let actions = body(&workers[worker].follower, clock)
        let isLeft = workers[worker].follower.current != before || actions.contains(.leave)
        if isLeft { turnOff(worker, from: before) }
        for action in actions {
            switch action {
            case .leave: break
            case .open(let node): begin(worker, at: Self.place(node))
            case .ask(let node): ask(worker, Self.place(node))
            }
        }
    }

    private mutating func turnOff(_ worker: Int, from before: NodeID?) {
        if let before {
            let server = Self.place(before)
            queue.add(
                .leaveArrives(
                    server: server,
                    follower: worker,
                    stream: workers[worker].stream
                ),
                at: nowUS + way(from: worker, to: server)
            )
        }
        lastStream += 1
        workers[worker].stream = lastStream
        workers[worker].sourceClock = SourceClock()
        workers[worker].beacon = nil
    }

    private mutating func begin(_ worker: Int, at server: Int) {
        workers[worker].assembly = FeedAssembly(after: workers[worker].applied)
        workers[worker].streamAskedAtMS = workers[worker].clockMS(at: nowUS)
        queue.add(
            .openArrives(
                server: server,
                follower: worker,
                stream: workers[worker].stream,
                after: workers[worker].applied
            ),
            at: nowUS + way(from: worker, to: server)
        )
    }

    private mutating func ask(_ worker: Int, _ server: Int) {
        let clock = workers[worker].clockMS(at: nowUS)
        let arrival = nowUS + way(from: worker, to: server)
        guard workers[server].isAlive else {
            // Nobody answers: after the call's own deadline.
            queue.add(
                .answerArrives(follower: worker, server: server, offer: nil, askedAtMS: clock),
                at: nowUS + 900_000
            )
            return
        }
        queue.add(
            .questionArrives(server: server, follower: worker, askedAtMS: clock),
            at: arrival
        )
    }

    mutating func hearAnswer(
        _ worker: Int,
        _ server: Int,
        _ offer: FeedOffer?,
        _ askedAtMS: UInt64
    ) {
        guard workers[worker].isAlive else { return }
        let node = workers[server].node
        if let offer, workers[worker].follower.feeding == node {
            workers[worker].sourceClock.asked(atMS: askedAtMS, reading: offer.clockMS)
        }
        step(worker) { $0.answered(node, offer, atMS: $1) }
    }

    mutating func take(_ items: [[UInt8]], of stream: UInt64, _ worker: Int) {
        guard workers[worker].isAlive, workers[worker].stream == stream else { return }
        for item in items {
            guard let step = try? workers[worker].assembly.take(item) else {
                report.violation = "\(workers[worker].node) is sent what is no feed"
                return
            }
            take(step, of: stream, worker)
        }
        pump(worker)
    }

    private mutating func take(_ taken: FeedAssembly.Step, of stream: UInt64, _ worker: Int) {
        let clock = workers[worker].clockMS(at: nowUS)
        if let since = workers[worker].orphanedAtUS {
            report.changeovers.append(nowUS - since)
            workers[worker].orphanedAtUS = nil
        }
        switch taken {
        case .none, .advance: workers[worker].follower.heard(atMS: clock)
        case .restore: report.violation = "\(workers[worker].node) is sent a state"
        case .apply(let commands):
            workers[worker].follower.heard(atMS: clock)
            for command in commands { hold(command, in: worker) }
        case .beacon(let beacon): hear(beacon, worker)
        }
    }

    private mutating func hear(_ beacon: FeedBeacon, _ worker: Int) {
        workers[worker].beacon = beacon
        if workers[worker].sourceClock.moment(of: beacon.clockMS) == nil {
            workers[worker].sourceClock.asked(
                atMS: workers[worker].streamAskedAtMS,
                reading: beacon.clockMS
            )
        }
        if let moment = workers[worker].sourceClock.moment(of: beacon.clockMS),
            let age = beacon.age
        {
            workers[worker].staleness.heard(
                index: beacon.covers,
                age: age,
                askedAtMS: min(moment, workers[worker].clockMS(at: nowUS)),
                applied: workers[worker].applied
            )
        }
        step(worker) { $0.heard(beacon, atMS: $1) }
    }
}
