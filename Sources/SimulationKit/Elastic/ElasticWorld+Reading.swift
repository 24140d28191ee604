// SPDX-License-Identifier: Apache-2.0

import CatalogCore
import Codecs
import ElasticCore
import PlacementCore
import Primitives

/// Somebody who reads one page after the other.
struct Reader: Sendable {
    let region: String
}

/// A read under way.
struct ReadWork: Sendable {
    let read: ElasticRead
    let life: UInt64
    var plan: ReadPlan
    let request: PageReadRequest
}

/// Readers, as `TarnFileSystem.readPage` asks for pages.
extension ElasticWorld {
    mutating func wake(_ reader: Int) {
        guard !readersRest else { return }
        queue.add(
            .readerWakes(reader),
            at: nowUS + .random(in: 1...plan.readGapMS * 2_000, using: &random)
        )
        let region = readers[reader].region
        let hosts = workers.indices.filter {
            workers[$0].isUp && workers[$0].region == region && workers[$0].view?.ring != nil
                && !isRemoved($0) && !network.isSilent($0, atUS: nowUS)
        }
        guard let host = hosts.randomElement(using: &random) else { return }
        read(randomPage(), at: host, by: ReadSpread(reader: UInt64(reader)))
    }

    /// Some objects are read more often than others.
    private mutating func randomPage() -> PageName {
        let one = Int.random(in: 0..<objects.count, using: &random)
        let other = Int.random(in: 0..<objects.count, using: &random)
        let object = min(one, other)
        let page = UInt32.random(in: 0..<objects[object].pageCount, using: &random)
        return PageName(object: object, page: page)
    }

    mutating func read(_ name: PageName, at worker: Int, by spread: ReadSpread) {
        guard let view = workers[worker].view else { return }
        let object = objects[name.object]
        let replicas = Int(workers[worker].catalog.mount(at: object.mount)?.mount.replicas ?? 1)
        let hash = object.key(ofPage: name.page).hash
        let route = view.route(of: hash, replicas: replicas)
        let opinions = workers.indices.filter { opinion(of: worker, about: $0) != .alive }
            .compactMap { workers[$0].node }
        let owners = workers[worker].suspicions.ordered(route.owners, atMS: nowMS) {
            opinions.contains($0)
        }
        let preferred = spread.preferred(
            route,
            hash: hash,
            copies: replicas,
            isNear: { $0.node == workers[worker].node },
            isSuspect: suspects(of: worker)
        )
        let id = newID()
        reads[id] = ReadWork(
            read: ElasticRead(name: name, worker: worker, beganUS: nowUS, route: route),
            life: workers[worker].life,
            plan: ReadPlan(route, owners: owners, preferred: preferred),
            request: request(.read, name, epoch: route.epoch, region: workers[worker].region)
        )
        stepRead(id)
    }

    func request(
        _ mode: PageReadRequest.Mode,
        _ name: PageName,
        epoch: RingEpoch,
        region: String
    ) -> PageReadRequest {
        let object = objects[name.object]
        return PageReadRequest(
            mode: mode,
            epoch: epoch,
            region: region,
            mount: object.mount,
            origin: object.identity.origin,
            key: object.identity.key,
            version: object.identity.version,
            objectByteCount: object.identity.byteCount,
            modifiedUnixNS: 0,
            page: name.page,
            range: 0..<UInt32(object.identity.geometry?.byteCount(ofPage: name.page) ?? 0)
        )
    }

    private mutating func stepRead(_ id: UInt64) {
        guard var work = reads[id] else { return }
        let worker = work.read.worker
        let step = work.plan.next(isSuspect: suspects(of: worker))
        reads[id] = work
        tell("\(workers[worker].name) reads \(work.read.name) (\(id)): \(step.brief)")
        switch step {
        case .ask(let target, let mode):
            var request = work.request
            request.mode = mode
            call(.read(request, work.read.name), of: target.node, from: worker, for: .read(id))
        case .origin:
            queue.add(.originRead(id), at: nowUS + originUS())
        case .fail(let failure): end(id, .failed("\(failure)"))
        }
    }

    mutating func readHeard(_ id: UInt64, _ reply: CallReply) {
        guard var work = reads[id] else { return }
        switch reply {
        case .page(.page(let value)): return end(id, .page(value))
        case .page(.failure(let failure)): work.plan.heard(failure)
        default: break
        }
        reads[id] = work
        stepRead(id)
    }

    /// A reader was at the origin itself.
    mutating func originRead(_ id: UInt64) {
        guard let work = reads[id] else { return }
        tally.pastOwners += 1
        end(id, originIsUp ? .page(Self.value(of: work.read.name)) : .failed("the origin"))
    }

    private mutating func end(_ id: UInt64, _ end: ElasticRead.End) {
        guard let work = reads.removeValue(forKey: id), workers[work.read.worker].isUp,
            workers[work.read.worker].life == work.life
        else { return }
        tally.reads += 1
        facts.append(.read(work.read, end))
    }

    mutating func originUS() -> UInt64 {
        .random(in: 1_000...plan.originMS * 1_000, using: &random)
    }
}

extension ReadPlan.Step {
    /// For a trace.
    fileprivate var brief: String {
        switch self {
        case .ask(let target, let mode): "asks \(target.name) (\(mode))"
        case .origin: "asks the origin"
        case .fail(let failure): "fails: \(failure)"
        }
    }
}
