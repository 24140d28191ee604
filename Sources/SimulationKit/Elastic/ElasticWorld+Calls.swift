// SPDX-License-Identifier: Apache-2.0

import Codecs
import ElasticCore
import Primitives

/// What one worker asks another.
enum CallRequest: Sendable {
    case read(PageReadRequest, PageName)
    case offer(PageOffer)
    case ping
}

/// What comes back, or does not.
enum CallReply: Sendable {
    case page(PageWord)
    case verdicts([PageOfferVerdict])
    case overloaded
    case pong
    /// The connection was refused or reset.
    case gone
    /// Nothing was heard for too long.
    case silent
}

extension CallReply {
    /// What it says to an offer.
    var offerAnswer: OfferAnswer {
        switch self {
        case .verdicts(let verdicts): .verdicts(verdicts)
        case .overloaded: .busy
        default: .silence
        }
    }
}

/// A request under way.
struct Call: Sendable {
    /// Who goes on with the answer.
    enum Purpose: Sendable {
        case read(UInt64)
        case turn(UInt64)
        case search(UInt64, PageName)
        case probe(UInt64)
        case pull(UInt64, PageName)
        case move(UInt64, MoveBatch)
        case copy(UInt64, MoveBatch)
        /// Nobody: a request that the network delivered twice.
        case nobody
    }

    let from: Int
    let fromLife: UInt64
    let to: Int
    let toLife: UInt64
    let request: CallRequest
    let purpose: Purpose
    let beganUS: UInt64
    /// When the asker gives up, whatever it hears.
    let untilUS: UInt64
    /// The request or its answer met a way that was cut: nothing more comes.
    var isLost = false
}

/// The way from one worker to another and back: connections that are reset when a process ends, and go
/// silent when a machine does.
extension ElasticWorld {
    /// A worker says every half second that it is at work; after this much silence it is given up.
    static let silenceUS: UInt64 = 1_000_000

    mutating func call(
        _ request: CallRequest,
        of target: NodeID,
        from worker: Int,
        for purpose: Call.Purpose,
        withinUS limitUS: UInt64 = 60_000_000
    ) {
        let to = positions[target] ?? worker
        let id = newID()
        calls[id] = Call(
            from: worker,
            fromLife: workers[worker].life,
            to: to,
            toLife: workers[to].life,
            request: request,
            purpose: purpose,
            beganUS: nowUS,
            untilUS: nowUS + limitUS
        )
        queue.add(.check(id), at: nowUS + min(Self.silenceUS, limitUS))
        guard network.reaches(worker, to, atUS: nowUS) else {
            calls[id]?.isLost = true
            return
        }
        guard workers[to].isUp else { return queue.add(.reply(id, .gone), at: nowUS + delayUS()) }
        if plan.has(.loss), !isHealed, random.chance(perMille: plan.lossPerMille) {
            // The connection breaks, before or after the request has arrived.
            network.trouble(to, untilUS: nowUS)
            queue.add(.reply(id, .gone), at: nowUS + delayUS() * 2)
            guard random.chance(percent: 50) else { return }
        }
        let wayUS = to == worker ? 0 : delayUS()
        queue.add(.request(id, isRepeated: false), at: nowUS + wayUS)
        if plan.has(.duplicates), !isHealed, random.chance(percent: 3) {
            let lateUS = UInt64.random(in: 0...3_000_000, using: &random)
            queue.add(.request(id, isRepeated: true), at: nowUS + lateUS)
        }
    }

    /// A request has arrived; one that came before is worked on and answered to nobody.
    mutating func arrive(_ id: UInt64, isRepeated: Bool) {
        guard let call = calls[id], workers[call.to].isUp, workers[call.to].life == call.toLife
        else { return }
        guard network.reaches(call.from, call.to, atUS: nowUS) else {
            if !isRepeated { calls[id]?.isLost = true }
            return
        }
        switch call.request {
        case .ping: if !isRepeated { reply(id, .pong) }
        case .read(let request, let name): serve(isRepeated ? nil : id, call.to, request, name)
        case .offer(let offer): take(isRepeated ? nil : id, call.to, offer)
        }
    }

    /// Sends an answer back, if its way is open.
    mutating func reply(_ id: UInt64, _ reply: CallReply) {
        guard let call = calls[id] else { return }
        guard network.reaches(call.to, call.from, atUS: nowUS) else {
            calls[id]?.isLost = true
            return
        }
        let wayUS = call.to == call.from ? 0 : delayUS()
        queue.add(.reply(id, reply), at: nowUS + wayUS)
    }

    /// Whether the other side still says that it is at work.
    mutating func check(_ id: UInt64) {
        guard let call = calls[id] else { return }
        guard workers[call.from].isUp, workers[call.from].life == call.fromLife else {
            calls[id] = nil
            return
        }
        let isOpen = !call.isLost && network.reaches(call.from, call.to, atUS: nowUS)
        if !isOpen || nowUS >= call.untilUS { return answered(id, .silent) }
        guard workers[call.to].isUp, workers[call.to].life == call.toLife else {
            return answered(id, .gone)
        }
        queue.add(.check(id), at: min(nowUS + Self.silenceUS, call.untilUS))
    }

    /// A process has ended: whoever has asked it is told by its kernel.
    mutating func resetCalls(to worker: Int) {
        let open = calls.filter { $0.value.to == worker && $0.value.from != worker }.keys.sorted()
        for id in open {
            guard let call = calls[id], network.reaches(call.from, worker, atUS: nowUS) else {
                continue
            }
            queue.add(.reply(id, .gone), at: nowUS + delayUS())
        }
    }

    mutating func answered(_ id: UInt64, _ reply: CallReply) {
        guard let call = calls.removeValue(forKey: id), workers[call.from].isUp,
            workers[call.from].life == call.fromLife
        else { return }
        noteAnswer(reply, call)
        switch call.purpose {
        case .nobody: break
        case .read(let read): readHeard(read, reply)
        case .turn(let turn): heirAnswered(turn, reply)
        case .search(let run, let name): searchHeard(run, name, reply, isDoubted(call))
        case .probe(let run): probed(run, reply)
        case .pull(let offer, let name): pulled(offer, name, reply)
        case .move(let move, let batch): offerAnswered(call.from, move, batch, reply)
        case .copy(let id, let batch): copiesAnswered(call.from, id, batch, reply)
        }
    }

    private func isDoubted(_ call: Call) -> Bool {
        opinion(of: call.from, about: call.to) != .alive
    }

    /// As whoever asks workers does it: failures of the way there make a worker suspect.
    private mutating func noteAnswer(_ reply: CallReply, _ call: Call) {
        guard call.to != call.from, let node = workers[call.to].node else { return }
        switch call.purpose {
        case .move, .copy: return
        default: break
        }
        switch reply {
        case .gone, .silent: workers[call.from].suspicions.failed(node, atMS: nowMS)
        case .page, .verdicts, .overloaded, .pong:
            workers[call.from].suspicions.answered(node)
        }
    }
}

extension SplitMix64 {
    mutating func chance(perMille: Int) -> Bool {
        Int.random(in: 0..<1_000, using: &self) < perMille
    }
}
