// SPDX-License-Identifier: Apache-2.0
import GossipCore
import Primitives

// What becomes of what members send.
extension GossipWorld {
    /// Headers around a datagram's packet: the envelope, UDP and IPv4.
    private static let datagramOverhead = 36 + 28
    /// Headers around an exchange: frame, TCP and IPv4, acknowledged.
    private static let exchangeOverhead = 120
    private static let seenLimit = 4_096

    mutating func perform(
        _ effect: GossipEffect,
        by place: Int,
        answering: (from: Int, way: Way)?
    ) {
        switch effect {
        case .send(let packet, let node):
            sendDatagram(packet, from: place, to: self.place(of: node))
        case .answer(let packet):
            guard let answering else { return }
            switch answering.way {
            case .datagram: sendDatagram(packet, from: place, to: answering.from)
            case .connection: answer(packet, from: place, to: answering.from)
            }
        case .exchange(let packet, let node):
            connect(packet, from: place, to: self.place(of: node))
        case .changed(let node, let before, let after, _):
            noteChange(of: node, from: before, to: after, by: place)
        case .behind: break
        }
    }

    private mutating func sendDatagram(_ packet: GossipPacket, from: Int, to: Int) {
        checkPacket(packet, from: from)
        tally.datagrams += 1
        tally.byteCount += UInt64(packet.byteCount + Self.datagramOverhead)
        tally.longestDatagram = max(tally.longestDatagram, packet.byteCount)
        note(packet)
        guard plan.hasDatagrams, reaches(from, to), !happens(plan.lossThousandths) else { return }
        let packet = plan.isCoded ? codedAndRead(packet) : packet
        let event = Event.datagram(packet, from: from, to: to)
        wheel.add(event, at: nowMS + delayMS(from, to))
        if happens(plan.duplicateThousandths) { wheel.add(event, at: nowMS + delayMS(from, to)) }
        replay(packet, from: from, to: to)
    }

    private mutating func replay(_ packet: GossipPacket, from: Int, to: Int) {
        guard plan.replayThousandths > 0 else { return }
        if seen.count < Self.seenLimit {
            seen.append((packet, from, to))
        } else if happens(20) {
            // Few give way, so that some are many minutes old.
            seen[oldest] = (packet, from, to)
            oldest = (oldest + 1) % Self.seenLimit
        }
        guard happens(plan.replayThousandths) else { return }
        let old = seen[random.below(seen.count)]
        wheel.add(.datagram(old.packet, from: old.from, to: old.to), at: nowMS + 1)
    }

    /// Says again everything that was ever kept.
    package mutating func replayAll() {
        for old in seen {
            let delay = 1 + UInt64(random.below(1000))
            wheel.add(.datagram(old.packet, from: old.from, to: old.to), at: nowMS + delay)
        }
    }

    /// A question over a connection: what is lost is sent again, a closed port says so.
    private mutating func connect(_ packet: GossipPacket, from: Int, to: Int) {
        checkPacket(packet, from: from)
        tally.exchanges += 1
        tally.byteCount += UInt64(packet.byteCount + Self.exchangeOverhead)
        note(packet)
        guard reaches(from, to) else { return }
        let packet = plan.isCoded ? codedAndRead(packet) : packet
        switch processes[to].condition {
        case .gone: return
        case .ended:
            let delay = 2 * delayMS(from, to)
            wheel.add(.refused(node(at: to), at: from), at: nowMS + delay)
        case .running:
            let delay = 2 * delayMS(from, to) + repeatedMS()
            wheel.add(.exchange(packet, from: from, to: to), at: nowMS + delay)
        }
    }

    private mutating func answer(_ packet: GossipPacket, from: Int, to: Int) {
        tally.byteCount += UInt64(packet.byteCount + Self.exchangeOverhead)
        guard reaches(from, to) else { return }
        let packet = plan.isCoded ? codedAndRead(packet) : packet
        wheel.add(.answered(packet, to: to), at: nowMS + delayMS(from, to) + repeatedMS())
    }

    /// What a connection loses it sends again after 200 ms, twice as long each time.
    private mutating func repeatedMS() -> UInt64 {
        var (pause, total): (UInt64, UInt64) = (200, 0)
        while total < 10_000, happens(plan.lossThousandths) {
            total += pause
            pause *= 2
        }
        return total
    }

    private func reaches(_ from: Int, _ to: Int) -> Bool {
        processes[from].side == processes[to].side
    }

    private mutating func delayMS(_ from: Int, _ to: Int) -> UInt64 {
        let isNear = from % plan.regionCount == to % plan.regionCount
        let least = isNear ? plan.delayMS : plan.wideDelayMS
        return least + UInt64(random.below(Int(least) + 1))
    }

    private mutating func happens(_ thousandths: Int) -> Bool {
        thousandths > 0 && random.below(1000) < thousandths
    }

    private mutating func codedAndRead(_ packet: GossipPacket) -> GossipPacket {
        let bytes = packet.encode()
        let read = try? GossipPacket(decoding: bytes[...])
        if read != packet { violate("a packet is read as another: \(packet)") }
        if bytes.count != packet.byteCount { violate("a packet has another length: \(packet)") }
        return packet
    }
}
