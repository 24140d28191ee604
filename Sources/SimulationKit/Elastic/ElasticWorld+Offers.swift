// SPDX-License-Identifier: Apache-2.0

import CatalogCore
import Codecs
import ElasticCore
import PlacementCore
import Primitives

/// Pages that another worker offers, one verdict each.
struct OfferWork: Sendable {
    let call: UInt64?
    let worker: Int
    let life: UInt64
    let offer: PageOffer
    /// In the order of the offer.
    let names: [PageName]
    /// By what right each is taken.
    var standings: [PageName: FillStanding] = [:]
    var verdicts: [PageName: PageOfferVerdict] = [:]
    var waiting: Set<PageName> = []
    /// Pages for which others may go.
    var copies: Set<PageName> = []
    var hasBegun = false
}

/// Taking what is offered, as `PageService.take` does it.
extension ElasticWorld {
    private static let gateUS: UInt64 = 10_000

    mutating func take(_ call: UInt64?, _ worker: Int, _ offer: PageOffer) {
        guard workers[worker].offersUnderWay < plan.offerLimit else {
            if let call { reply(call, .overloaded) }
            return
        }
        workers[worker].offersUnderWay += 1
        workers[worker].patience.heard(offer.epoch, own: workers[worker].epoch, nowMS: nowMS)
        let id = newID()
        offers[id] = OfferWork(
            call: call,
            worker: worker,
            life: workers[worker].life,
            offer: offer,
            names: offer.units.flatMap { unit in
                let object = object(unit.object)
                return unit.pageNumbers.map { PageName(object: object, page: $0) }
            }
        )
        workOn(offer: id)
    }

    private func object(_ object: PageObject) -> Int {
        objects.firstIndex { $0.identity == ObjectIdentity(object) } ?? 0
    }

    mutating func workOn(offer id: UInt64) {
        guard let work = offers[id], isRunning(work.worker, work.life) else {
            offers[id] = nil
            return
        }
        if work.hasBegun { return lookAgain(id) }
        let own = workers[work.worker].epoch
        guard !workers[work.worker].patience.isBehind(own: own, nowMS: nowMS) else {
            return queue.add(.offer(id), at: nowUS + Self.gateUS)
        }
        offers[id]?.hasBegun = true
        guard workers[work.worker].catalog.worker(id: work.offer.giver) != nil else {
            return endOffer(id, .page(.failure(.unknownMount)))
        }
        for name in work.names { begin(name, id, work) }
        endIfDone(id)
    }

    private mutating func begin(_ name: PageName, _ id: UInt64, _ work: OfferWork) {
        let worker = work.worker
        let request = request(
            .takeOver,
            name,
            epoch: work.offer.epoch,
            region: workers[worker].region
        )
        let rules = rules(worker, request, name)
        let replicas = ReplicaCounts(workers[worker].catalog, region: workers[worker].region)
            .count(of: request.origin)
        guard rules.takesOffers(of: work.offer.epoch, replicas: replicas) else {
            offers[id]?.verdicts[name] = .refused
            return
        }
        if workers[worker].fills[name] != nil {
            workers[worker].fills[name]?.offers.append(id)
            offers[id]?.waiting.insert(name)
            return
        }
        if workers[worker].shelf.contains(name) {
            offers[id]?.verdicts[name] = .present
            return
        }
        let isCopy = rules.isCopy(from: work.offer.giver)
        if isCopy { offers[id]?.copies.insert(name) }
        guard isCopy || workers[worker].shelf.hasRoom else {
            offers[id]?.verdicts[name] = .noRoom
            return
        }
        workers[worker].fills[name] = .init(standing: rules.standing)
        call(
            .read(request.lookup(rules.standing), name),
            of: work.offer.giver,
            from: worker,
            for: .pull(id, name)
        )
    }

    /// What was in flight is stored by now, or will not be.
    private mutating func lookAgain(_ id: UInt64) {
        guard let work = offers[id] else { return }
        for name in work.waiting.sorted() where workers[work.worker].fills[name] == nil {
            let isHere = workers[work.worker].shelf.contains(name)
            offers[id]?.waiting.remove(name)
            offers[id]?.verdicts[name] = isHere ? .present : .failed
        }
        endIfDone(id)
    }

    mutating func pulled(_ id: UInt64, _ name: PageName, _ reply: CallReply) {
        guard let work = offers[id], isRunning(work.worker, work.life) else { return }
        guard case .page(.page(let value)) = reply else {
            offers[id]?.verdicts[name] = .failed
            let fill = workers[work.worker].fills.removeValue(forKey: name)
            release(fill, .failure(.abandoned))
            return endIfDone(id)
        }
        finish(name, .page(value), at: work.worker)
        queue.add(.offerWritten(id, name, value), at: nowUS + writeUS())
    }

    mutating func offerWritten(_ id: UInt64, _ name: PageName, _ value: UInt64) {
        guard let work = offers[id], isRunning(work.worker, work.life) else { return }
        let isKept =
            plan.sabotage == .forgetfulDisks
            || workers[work.worker].shelf.write(
                name,
                value,
                onlyFree: !work.copies.contains(name),
                atUS: nowUS
            )
        offers[id]?.verdicts[name] = isKept ? .stored : .noRoom
        if isKept {
            let object = objects[name.object].identity
            workers[work.worker].fresh.note(page: name.page, of: object)
        }
        if isKept, work.copies.contains(name) {
            tally.copied += 1
        } else if isKept {
            tally.carried += 1
            facts.append(.carried(worker: work.worker, name))
        }
        let fill = workers[work.worker].fills.removeValue(forKey: name)
        release(fill, .page(value))
        endIfDone(id)
    }

    private mutating func endIfDone(_ id: UInt64) {
        guard let work = offers[id], work.verdicts.count == work.names.count else { return }
        endOffer(id, .verdicts(work.names.map { work.verdicts[$0] ?? .failed }))
    }

    private mutating func endOffer(_ id: UInt64, _ answer: CallReply) {
        guard let work = offers.removeValue(forKey: id) else { return }
        workers[work.worker].offersUnderWay -= 1
        if let call = work.call { reply(call, answer) }
    }
}
