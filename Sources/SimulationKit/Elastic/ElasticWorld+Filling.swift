// SPDX-License-Identifier: Apache-2.0

import Codecs
import ElasticCore
import Primitives

/// Getting pages for readers: from other workers, then from the origin.
extension ElasticWorld {
    /// How long a first owner that readers went past may take to say that it lives.
    private static let passedUS: UInt64 = 250_000

    mutating func search(_ id: UInt64) {
        guard var run = runs[id] else { return }
        let step = run.search.next(isSuspect: suspects(of: run.worker))
        if case .ask(_, let pages) = step { run.awaited = pages.count }
        runs[id] = run
        tell("\(workers[run.worker].name) fills \(run.object)/\(run.pages): \(step.brief)")
        switch step {
        case .probe(let target):
            call(
                .ping,
                of: target.node,
                from: run.worker,
                for: .probe(id),
                withinUS: Self.passedUS
            )
        case .ask(let target, let pages):
            for page in pages {
                let name = PageName(object: run.object, page: page)
                var lookup = run.request
                lookup.page = page
                call(.read(lookup, name), of: target.node, from: run.worker, for: .search(id, name))
            }
        case .finished: fetchMissing(id)
        }
    }

    mutating func probed(_ id: UInt64, _ reply: CallReply) {
        let isAlive = if case .pong = reply { true } else { false }
        runs[id]?.search.probed(isAlive: isAlive)
        search(id)
    }

    mutating func searchHeard(_ id: UInt64, _ name: PageName, _ reply: CallReply, _ doubted: Bool) {
        guard var run = runs[id] else { return }
        run.awaited -= 1
        let word: PeerWord =
            switch reply {
            case .page(let word): word.peerWord
            case .gone: .dead
            case .overloaded: .late
            default: .silence(isDoubted: doubted)
            }
        run.search.heard(word, about: name.page)
        runs[id] = run
        tell("\(workers[run.worker].name) fills \(name): \(word)")
        if case .page(.page(let value)) = reply {
            finish(name, .page(value), at: run.worker)
            store(name, value, of: id, run)
            tally.carried += 1
            facts.append(.carried(worker: run.worker, name))
        }
        if run.awaited == 0 { search(id) }
    }

    /// What nobody had: nobody is asked for any page of the run any more.
    private mutating func fetchMissing(_ id: UInt64) {
        guard let run = runs[id] else { return }
        for page in run.pages {
            workers[run.worker].fills[PageName(object: run.object, page: page)]?.isFetching = true
        }
        for pages in run.search.findings.missingRuns {
            queue.add(.originAnswered(run: id, Array(pages)), at: nowUS + originUS())
        }
    }

    mutating func originAnswered(_ id: UInt64, _ pages: [UInt32]) {
        guard let run = runs[id], isRunning(run.worker, run.life) else { return }
        for page in pages {
            let name = PageName(object: run.object, page: page)
            guard originIsUp else {
                let waiting = workers[run.worker].fills.removeValue(forKey: name)
                release(waiting, .failure(.originUnreachable("it is down")))
                continue
            }
            let value = Self.value(of: name)
            let cause = run.search.findings.cause(of: page)
            facts.append(.fetched(worker: run.worker, name, cause, asked: run.route))
            tally.fetched[cause, default: 0] += 1
            finish(name, .page(value), at: run.worker)
            store(name, value, of: id, run)
        }
    }

    private mutating func store(_ name: PageName, _ value: UInt64, of id: UInt64, _ run: FillRun) {
        queue.add(
            .written(worker: run.worker, life: run.life, run: id, name, value),
            at: nowUS + writeUS()
        )
    }

    mutating func written(
        _ worker: Int,
        _ life: UInt64,
        _ id: UInt64,
        _ name: PageName,
        _ value: UInt64
    ) {
        guard isRunning(worker, life) else { return }
        let isKept = workers[worker].shelf.write(name, value, onlyFree: false, atUS: nowUS)
        if !isKept { tally.notKept += 1 }
        if isKept { workers[worker].fresh.note(page: name.page, of: objects[name.object].identity) }
        // It leaves the table only once it is stored.
        let fill = workers[worker].fills.removeValue(forKey: name)
        release(fill, .page(value))
    }

    /// Tells whoever waits for a page; it stays in the table until it is stored.
    mutating func finish(_ name: PageName, _ word: PageWord, at worker: Int) {
        let turns = workers[worker].fills[name]?.turns ?? []
        workers[worker].fills[name]?.outcome = word
        workers[worker].fills[name]?.turns = []
        for turn in turns { finish(turn, word) }
    }

    /// Tells whoever waits for a page that has left the table.
    mutating func release(_ fill: ElasticWorker.Fill?, _ word: PageWord) {
        for turn in fill?.turns ?? [] { finish(turn, word) }
        for offer in fill?.offers ?? [] { queue.add(.offer(offer), at: nowUS) }
    }

    mutating func writeUS() -> UInt64 {
        .random(in: 100...plan.writeMS * 1_000, using: &random)
    }
}

extension HolderSearch.Step {
    /// For a trace.
    fileprivate var brief: String {
        switch self {
        case .probe(let target): "probes \(target.name)"
        case .ask(let target, _): "asks \(target.name)"
        case .finished: "has asked everybody"
        }
    }
}
