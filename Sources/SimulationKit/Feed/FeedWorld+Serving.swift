// SPDX-License-Identifier: Apache-2.0
import FeedCore
import Primitives

/// What a server does, as `FeedServer` does it.
extension FeedWorld {
    mutating func open(_ server: Int, _ follower: Int, _ stream: UInt64, _ after: LogIndex) {
        guard workers[server].isAlive else { return }
        let node = workers[follower].node
        let region = Self.name(workers[follower].region)
        if workers[server].isVoter { report.opensAtVoters += 1 }
        let ticket = workers[server].admission.admit(
            node,
            of: region,
            isDirect: tree.isDirect(node, in: region),
            isVoter: workers[server].isVoter
        )
        guard let ticket else {
            report.refusals += 1
            let others = workers[server].admission.others(for: node, of: region)
            let arrival = send(FeedReferral.encode(others).count, from: server, to: follower)
            queue.add(
                .refusalArrives(follower: follower, stream: stream, others: others),
                at: arrival
            )
            return
        }
        workers[server].guests.removeAll { $0.follower == follower }
        workers[server].guests.append(
            FeedWorldWorker.Guest(follower: follower, stream: stream, ticket: ticket, sent: after)
        )
        workers[server].mostGuests = max(workers[server].mostGuests, workers[server].guests.count)
        checkGuests(of: server)
        pump(server)
        look(server, stream, follower)
    }

    mutating func leave(_ server: Int, _ follower: Int, _ stream: UInt64) {
        guard
            let place = workers[server].guests.firstIndex(where: {
                $0.follower == follower && $0.stream == stream
            })
        else { return }
        let guest = workers[server].guests.remove(at: place)
        workers[server].admission.release(guest.ticket, of: workers[follower].node)
    }

    /// Sends every guest what it has not got.
    mutating func pump(_ server: Int) {
        guard workers[server].isAlive else { return }
        for guest in workers[server].guests.indices {
            var items: [[UInt8]] = []
            while let batch = batch(server, after: workers[server].guests[guest].sent) {
                items += batch.items
                workers[server].guests[guest].sent = batch.upTo
            }
            if !items.isEmpty { send(items, from: server, to: guest) }
        }
    }

    private mutating func batch(_ server: Int, after index: LogIndex) -> FeedShelf.Batch? {
        let (log, applied) = (workers[server].log, workers[server].applied)
        guard applied > index else { return nil }
        guard index >= log.horizon else {
            report.violation = "\(workers[server].node) has no commands behind \(index) any more"
            return nil
        }
        return workers[server].shelf.batch(after: index) {
            let commands = log.commands(after: index, limit: 256, byteLimit: 1 << 20) ?? []
            return (commands, commands.last?.index ?? applied)
        }
    }

    /// Sends a beacon where it is time, and comes again.
    mutating func look(_ server: Int, _ stream: UInt64, _ follower: Int) {
        guard workers[server].isAlive,
            let guest = workers[server].guests.firstIndex(where: { $0.stream == stream })
        else { return }
        let clock = workers[server].clockMS(at: nowUS)
        let known = workers[server].guests[guest]
        let news = beacon(server, behind: known.sent)
        if news.isDue(after: known.beacon, sentAtMS: known.beaconAtMS, nowMS: clock) {
            workers[server].guests[guest].beacon = news
            workers[server].guests[guest].beaconAtMS = clock
            send([FeedItem.beacon(news).encode()], from: server, to: guest)
        }
        queue.add(
            .look(server: server, stream: stream, follower: follower),
            at: nowUS + Self.lookUS
        )
    }

    private mutating func beacon(_ server: Int, behind index: LogIndex) -> FeedBeacon {
        FeedBeacon(
            index: index,
            clockMS: workers[server].clockMS(at: nowUS),
            covers: workers[server].applied,
            age: age(of: server),
            path: workers[server].path,
            term: Term(1),
            leader: NodeID(1),
            voters: (0..<plan.voterCount).map {
                VoterWord(
                    node: workers[$0].node,
                    answers: true,
                    votes: true,
                    index: workers[$0].applied
                )
            }
        )
    }

    /// A voter has everything as of a heartbeat ago and one way.
    mutating func age(of worker: Int) -> Timespan? {
        if workers[worker].isVoter { return Timespan(milliseconds: worker == 0 ? 0 : 100) }
        let clock = workers[worker].clockMS(at: nowUS)
        return workers[worker].staleness.age(nowMS: clock, applied: workers[worker].applied)
    }

    mutating func answer(_ server: Int, _ follower: Int, _ askedAtMS: UInt64) {
        guard workers[server].isAlive else { return }
        let region = Self.name(workers[follower].region)
        let offer = FeedOffer(
            hasRoom: workers[server].admission.hasRoom(
                isDirect: tree.isDirect(workers[follower].node, in: region),
                isVoter: workers[server].isVoter
            ),
            clockMS: workers[server].clockMS(at: nowUS),
            age: age(of: server),
            path: workers[server].path
        )
        let arrival = send(offer.encode().count, from: server, to: follower)
        queue.add(
            .answerArrives(follower: follower, server: server, offer: offer, askedAtMS: askedAtMS),
            at: arrival
        )
    }

    // MARK: - Network

    private mutating func send(_ items: [[UInt8]], from server: Int, to guest: Int) {
        let follower = workers[server].guests[guest].follower
        let bytes = items.reduce(0) { $0 + $1.count + frameBytes }
        var arrival = send(bytes, frames: items.count, from: server, to: follower)
        arrival = max(arrival, workers[server].guests[guest].arrivesAtUS + 1)
        workers[server].guests[guest].arrivesAtUS = arrival
        let stream = workers[server].guests[guest].stream
        queue.add(.itemsArrive(follower: follower, stream: stream, items: items), at: arrival)
    }

    /// When it arrives: behind all that the server's network has still to send.
    @discardableResult
    private mutating func send(
        _ bytes: Int,
        frames: Int = 1,
        from server: Int,
        to follower: Int
    ) -> UInt64 {
        let begins = max(nowUS, workers[server].sendsUntilUS)
        let ends = begins + UInt64(bytes / 125 + 5 * frames)
        workers[server].sendsUntilUS = ends
        workers[server].sentBytes += UInt64(bytes)
        let waiting = (ends - nowUS) * 125
        workers[server].mostWaitingBytes = max(workers[server].mostWaitingBytes, waiting)
        report.note(bytes, from: workers[server], atUS: nowUS)
        return ends + way(from: server, to: follower)
    }

    /// Check 2.
    private mutating func checkGuests(of server: Int) {
        let guests = workers[server].guests
        if guests.count > FeedTree.streamsPerServer {
            report.violation = "\(workers[server].node) feeds \(guests.count)"
        }
        guard workers[server].isVoter else { return }
        let uninvited = guests.count { guest in
            let follower = workers[guest.follower]
            return !tree.isDirect(follower.node, in: Self.name(follower.region))
        }
        if uninvited > FeedAdmission.observersOfVoter {
            report.violation = "voter \(workers[server].node) feeds \(uninvited) observers"
        }
    }
}
