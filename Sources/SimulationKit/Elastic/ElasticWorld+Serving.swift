// SPDX-License-Identifier: Apache-2.0

import CatalogCore
import Codecs
import ElasticCore
import PlacementCore
import Primitives

/// A request that a worker works on.
struct Turn: Sendable {
    /// Who is answered; `nil`: nobody.
    let call: UInt64?
    let worker: Int
    let life: UInt64
    let request: PageReadRequest
    let name: PageName
}

/// Neighbouring pages that a worker gets from others or from their origin.
struct FillRun: Sendable {
    let worker: Int
    let life: UInt64
    let object: Int
    let pages: Range<UInt32>
    let standing: FillStanding
    let request: PageReadRequest
    let route: PageRoute
    var search: HolderSearch
    /// Answers that are still to come from the worker that is asked.
    var awaited = 0
}

/// Answering requests, as `PageService` does it.
extension ElasticWorld {
    private static let runLength: UInt32 = 4
    private static let gateUS: UInt64 = 10_000

    mutating func serve(
        _ call: UInt64?,
        _ worker: Int,
        _ request: PageReadRequest,
        _ name: PageName
    ) {
        workers[worker].patience.heard(request.epoch, own: workers[worker].epoch, nowMS: nowMS)
        let turn = Turn(
            call: call,
            worker: worker,
            life: workers[worker].life,
            request: request,
            name: name
        )
        if answerIfStored(turn) { return }
        let id = newID()
        if let fill = workers[worker].fills[name],
            request.mode != .takeOver
                || fill.standing.mayBeAwaited(under: request.epoch, isFetching: fill.isFetching)
        {
            turns[id] = turn
            return wait(id, for: name, at: worker)
        }
        guard request.mode.mayFetch else {
            let wasEvicted = workers[worker].shelf.wasEvicted(name)
            return answer(turn, request.mode == .takeOver && wasEvicted ? .evicted : .miss)
        }
        turns[id] = turn
        takeTurn(id)
    }

    private mutating func answerIfStored(_ turn: Turn) -> Bool {
        guard let value = workers[turn.worker].shelf.value(of: turn.name) else { return false }
        if turn.request.mode != .takeOver {
            workers[turn.worker].shelf.touch(turn.name, atUS: nowUS)
        }
        answer(turn, .page(value))
        return true
    }

    private mutating func answer(_ turn: Turn, _ word: PageWord) {
        if let call = turn.call { reply(call, .page(word)) }
    }

    // MARK: - Fetching

    /// One round of the fetching loop: gate, heir, claim.
    mutating func takeTurn(_ id: UInt64) {
        guard let turn = turns[id], isRunning(turn.worker, turn.life) else {
            turns[id] = nil
            return
        }
        let own = workers[turn.worker].epoch
        guard !workers[turn.worker].patience.isBehind(own: own, nowMS: nowMS) else {
            return queue.add(.turn(id), at: nowUS + Self.gateUS)
        }
        let rules = rules(turn.worker, turn.request, turn.name)
        if let heir = rules.heir(of: turn.request, isSuspect: suspects(of: turn.worker)) {
            let forwarded = rules.handedOn(turn.request)
            tally.handedOn += 1
            return call(
                .read(forwarded, turn.name),
                of: heir.node,
                from: turn.worker,
                for: .turn(id)
            )
        }
        claim(id, rules)
    }

    /// Where a page belongs by a worker's own replica.
    func rules(_ worker: Int, _ request: PageReadRequest, _ name: PageName) -> PageTurn {
        let replicas = workers[worker].catalog.mount(at: request.mount)?.mount.replicas ?? 1
        let hash = objects[name.object].key(ofPage: name.page).hash
        let route = workers[worker].view?.route(of: hash, replicas: Int(replicas)) ?? PageRoute()
        return PageTurn(route, at: workers[worker].node ?? NodeID(0))
    }

    mutating func heirAnswered(_ id: UInt64, _ reply: CallReply) {
        guard let turn = turns[id], isRunning(turn.worker, turn.life) else { return }
        switch reply {
        case .page(.page(let value)): return finish(id, .page(value))
        case .page(.failure(let failure)) where failure.isFinal:
            return finish(id, .failure(failure))
        default: break
        }
        // By the ring of before, as in production: the claim looks whether it is still the newest.
        claim(id, rules(turn.worker, turn.request, turn.name))
    }

    private mutating func claim(_ id: UInt64, _ rules: PageTurn) {
        guard let turn = turns[id] else { return }
        let (worker, name) = (turn.worker, turn.name)
        if workers[worker].fills[name] != nil { return wait(id, for: name, at: worker) }
        if answerIfStored(turn) {
            turns[id] = nil
            return
        }
        let own = workers[worker].epoch
        guard !workers[worker].patience.isBehind(own: own, nowMS: nowMS),
            own == rules.standing.epoch
        else { return queue.add(.turn(id), at: nowUS) }
        begin(turn, rules)
        wait(id, for: name, at: worker)
    }

    private mutating func begin(_ turn: Turn, _ rules: PageTurn) {
        let object = objects[turn.name.object]
        let unit = object.identity.geometry?.pages(ofUnit: turn.name.unit) ?? 0..<0
        var end = turn.name.page + 1
        while end < min(unit.upperBound, turn.name.page + Self.runLength) {
            let next = PageName(object: turn.name.object, page: end)
            guard workers[turn.worker].fills[next] == nil,
                !workers[turn.worker].shelf.contains(next)
            else { break }
            end += 1
        }
        let pages = turn.name.page..<end
        let id = newID()
        runs[id] = FillRun(
            worker: turn.worker,
            life: turn.life,
            object: turn.name.object,
            pages: pages,
            standing: rules.standing,
            request: turn.request.lookup(rules.standing),
            route: rules.route,
            search: HolderSearch(rules.route, for: rules.me, pages: pages)
        )
        for page in pages {
            workers[turn.worker].fills[PageName(object: turn.name.object, page: page)] = .init(
                standing: rules.standing
            )
        }
        search(id)
    }

    private mutating func wait(_ id: UInt64, for name: PageName, at worker: Int) {
        if let outcome = workers[worker].fills[name]?.outcome { return finish(id, outcome) }
        workers[worker].fills[name]?.turns.append(id)
    }

    /// Ends a turn; what was given up by an offer is looked for anew.
    mutating func finish(_ id: UInt64, _ word: PageWord) {
        guard let turn = turns.removeValue(forKey: id), isRunning(turn.worker, turn.life) else {
            return
        }
        if case .failure(.abandoned) = word {
            guard turn.request.mode.mayFetch else { return answer(turn, .miss) }
            turns[id] = turn
            return takeTurn(id)
        }
        answer(turn, word)
    }

    func isRunning(_ worker: Int, _ life: UInt64) -> Bool {
        workers[worker].isUp && workers[worker].life == life
    }
}
