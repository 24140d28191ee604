// SPDX-License-Identifier: Apache-2.0
import ClientRuntime
package import Codecs
import ElasticCore
import Logging
import NIOCore
import NIOPosix
import PageStorage
package import PageTransport
import PlacementCore
import Primitives

/// Pages that another worker offers: taken from it, stored, and only then acknowledged.
///
/// ```
///   offer ─▶ mine? ─▶ stored: present
///              │      in flight: waited for
///              │      no room: said; only for a copy others are evicted
///              └─ no  a take-over read of the giver ─▶ checksum ─▶ readers who wait ─▶ disk: stored
/// ```
///
/// What is on its way is in the table of fills, so a reader that comes meanwhile waits for it, and nobody
/// fetches it.
extension PageService {
    /// Offers worked on at the same time; one more is told of the overload.
    static let offerLimit = 8

    /// Takes what is wanted of an offer; one verdict for each page, in order.
    package func take(_ offer: PageOffer) async -> PageReply {
        guard ByteString(offer.region) == ByteString(peers.router.region) else {
            return .failure(.unknownMount)
        }
        guard offers.begin(limit: Self.offerLimit) else { return .failure(.overloaded) }
        defer { offers.end() }
        gate.heard(offer.epoch)
        await gate.pass()
        guard let giver = peers.worker(offer.giver) else { return .failure(.unknownMount) }
        var verdicts: [PageOfferVerdict] = []
        for unit in offer.units {
            verdicts += await take(unit, of: offer, from: giver)
        }
        return .offered(verdicts)
    }

    private func take(
        _ unit: PageOfferUnit,
        of offer: PageOffer,
        from giver: WorkerTarget
    ) async -> [PageOfferVerdict] {
        let object = ObjectIdentity(unit.object)
        let numbers = unit.pageNumbers
        let turn = peers.turn(for: unit)
        let replicas = peers.replicas.count(of: unit.object.origin)
        guard turn.takesOffers(of: offer.epoch, replicas: replicas) else {
            return numbers.map { _ in .refused }
        }
        let isCopy = turn.isCopy(from: offer.giver)
        if isCopy, !turn.isHolder(replicas: replicas) {
            let isAdmitted = copies.admitGuest(UnitName(object: object, unit: unit.unit))
            guard isAdmitted else { return numbers.map { _ in .refused } }
        }
        // A copy is as good as a page that was read; what moves is not worth another page.
        let source = OfferSource(giver: giver, room: isCopy ? .byEvicting : .onlyFree)
        var verdicts: [UInt32: PageOfferVerdict] = [:]
        for pages in numbers.neighbours(atMost: Self.runLength) {
            for (number, verdict) in await take(pages, of: object, turn.standing, from: source) {
                verdicts[number] = verdict
            }
        }
        return numbers.map { verdicts[$0] ?? .failed }
    }

    /// Takes neighbouring pages, a run at most.
    private func take(
        _ pages: Range<UInt32>,
        of object: ObjectIdentity,
        _ standing: FillStanding,
        from giver: OfferSource
    ) async -> [(number: UInt32, verdict: PageOfferVerdict)] {
        let before = pages.map { (number: $0, fill: fills.fill(of: $0, in: object)) }
        let claim = fills.claim(
            pages,
            of: object,
            runLength: Self.runLength,
            urgency: .ahead,
            standing: standing
        ) { [store] in store.contains(object, page: $0) }
        var verdicts: [(number: UInt32, verdict: PageOfferVerdict)] = []
        for run in claim.runs { verdicts += await take(run, of: object, from: giver) }
        let claimed = claim.runs.flatMap { Array($0.pages) }
        for (number, fill) in before where !claimed.contains(number) {
            // In flight: whoever began it stores it. Else there is no room among the pages in flight.
            if let fill { _ = await fill.outcome() }
            let isHere = await eventuallyStored(number, of: object)
            verdicts.append((number, isHere ? .present : fill == nil ? .later : .failed))
        }
        return verdicts
    }

    /// Whether a page is stored once it is not in flight any more.
    private func eventuallyStored(_ page: UInt32, of object: ObjectIdentity) async -> Bool {
        while !store.contains(object, page: page), fills.fill(of: page, in: object) != nil {
            try? await Task.sleep(for: .milliseconds(2))  // Its bytes came; the disk has them soon.
        }
        return store.contains(object, page: page)
    }

    private func take(
        _ run: FillTable.Run,
        of object: ObjectIdentity,
        from giver: OfferSource
    ) async -> [(number: UInt32, verdict: PageOfferVerdict)] {
        await withTaskGroup(of: (number: UInt32, verdict: PageOfferVerdict).self) { group in
            for number in run.pages {
                let part = run.part(number..<number + 1)
                group.addTask { (number, await self.takeOne(part, of: object, from: giver)) }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
    }

    /// Takes the page of a run of one.
    private func takeOne(
        _ run: FillTable.Run,
        of object: ObjectIdentity,
        from source: OfferSource
    ) async -> PageOfferVerdict {
        let page = run.pages.lowerBound
        let byteCount = object.geometry?.byteCount(ofPage: page) ?? 0
        let hasRoom = try? await blocking.runIfActive { [store] in
            source.room == .byEvicting || store.hasRoom(for: object, byteCount: byteCount)
        }
        guard hasRoom == true else { return abandon(run, of: object, .noRoom) }
        let lookup = peers.lookup(of: page, in: object, byteCount: byteCount, run.standing)
        guard let taken = await peers.take(lookup, from: source.giver, by: peers.bulk).page
        else {
            return abandon(run, of: object, .failed)
        }
        for fill in run.fills { fill.finish(.success(taken)) }
        defer { fills.release(run, of: object) }
        return await keep(taken, page: page, of: object, source.room)
    }

    /// Whoever waits for the page gets it otherwise.
    private func abandon(
        _ run: FillTable.Run,
        of object: ObjectIdentity,
        _ verdict: PageOfferVerdict
    ) -> PageOfferVerdict {
        fills.release(run, of: object)
        for fill in run.fills { fill.finish(.failure(.abandoned)) }
        return verdict
    }

    private func keep(
        _ taken: FilledPage,
        page: UInt32,
        of object: ObjectIdentity,
        _ room: WriteRoom
    ) async -> PageOfferVerdict {
        do {
            try await blocking.runIfActive { [store] in
                try store.write(
                    object,
                    page: page,
                    bytes: taken.bytes,
                    checksum: taken.checksum,
                    room: room
                )
            }
        } catch PageStoreError.full {
            return .noRoom
        } catch {
            log.warning("a page is not cached", metadata: ["error": "\(error)"])
            return .failed
        }
        history.note(.kept, of: page, in: object)
        copies.stored(page, of: object)
        metrics.handedOver(.in, byteCount: taken.bytes.readableBytes)
        return .stored
    }

    // MARK: - Holdings

    /// How many bytes of these objects are stored here.
    package func holdings(of objects: [PageObject]) -> UInt64 {
        objects.reduce(0) { sum, object in
            let identity = ObjectIdentity(object)
            guard let geometry = identity.geometry else { return sum }
            return store.pages(of: identity).reduce(sum) {
                $0 + UInt64(geometry.byteCount(ofPage: $1))
            }
        }
    }
}

/// Whom offered pages are taken from, and what may go for them.
private struct OfferSource: Sendable {
    let giver: WorkerTarget
    let room: WriteRoom
}

extension [UInt32] {
    /// Rising numbers as ranges of neighbours, none longer than `limit`.
    fileprivate func neighbours(atMost limit: Int) -> [Range<UInt32>] {
        reduce(into: []) { ranges, number in
            if let last = ranges.last, last.upperBound == number, last.count < limit {
                ranges[ranges.count - 1] = last.lowerBound..<number + 1
            } else {
                ranges.append(number..<number + 1)
            }
        }
    }
}
