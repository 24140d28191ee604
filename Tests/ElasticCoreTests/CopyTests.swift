// SPDX-License-Identifier: Apache-2.0
import Codecs
import ElasticCore
import PlacementCore
import Primitives
import Testing

@Suite("Copies of units")
struct CopyTests {
    private static func unit(_ number: Int, of object: String = "o") -> UnitName {
        let identity = ObjectIdentity(
            origin: OriginID(1),
            key: ByteString(object),
            version: "v",
            byteCount: 1 << 30
        )
        return UnitName(object: identity, unit: UInt32(number))
    }

    private static func load(_ unit: UnitName, _ perSecond: UInt64) -> [UnitLoad] {
        [UnitLoad(unit: unit, perSecond: perSecond)]
    }

    // MARK: - Heat

    @Test func aWindowCountsReadsAndBytesASecond() {
        var heat = UnitHeat(nowMS: 10_000)
        for _ in 0..<100 { heat.note(Self.unit(0), byteCount: 100) }
        for _ in 0..<10 { heat.note(Self.unit(1), byteCount: 1 << 20) }
        #expect(heat.turn(nowMS: 10_999) == nil)
        let loads = heat.turn(nowMS: 12_000)
        #expect(loads == Self.load(Self.unit(0), 50) + Self.load(Self.unit(1), 85))
        #expect(heat.turn(nowMS: 13_000) == [])
    }

    @Test func aWindowHoldsNoMoreUnitsThanItMay() {
        var heat = UnitHeat(nowMS: 0)
        for number in 0..<UnitHeat.unitLimit + 10 { heat.note(Self.unit(number), byteCount: 0) }
        #expect(heat.turn(nowMS: 1_000)?.count == UnitHeat.unitLimit)
    }

    @Test func aHotUnitGetsOneCopyAWindowUpToTheSpareOwners() {
        var levels = CopyLevels()
        let unit = Self.unit(3)
        let hot = Self.load(unit, CopyLevels.raise)
        var wanted: [Int] = []
        for second in 0..<5 {
            let found = levels.heard(hot, room: { _ in (1, 2) }, nowMS: UInt64(second) * 1_000)
            wanted += found.map(\.extra)
            for (unit, extra) in found { levels.made(extra, of: unit) }
        }
        #expect(wanted == [1, 2])
        #expect(levels.made(of: unit) == 2)
    }

    @Test func aCopyThatCouldNotBeMadeIsWantedAgainAndNoFurtherOne() {
        var levels = CopyLevels()
        let hot = Self.load(Self.unit(3), 2 * CopyLevels.raise)
        for second in 0..<3 {
            let found = levels.heard(hot, room: { _ in (1, 2) }, nowMS: UInt64(second) * 1_000)
            #expect(found.map(\.extra) == [1])
        }
        #expect(levels.made(of: Self.unit(3)) == 0)
    }

    @Test(arguments: [
        // The load of one holder, and whether its copies go in the end.
        (load: CopyLevels.raise, goes: false), (load: CopyLevels.raise / 3, goes: false),
        (load: CopyLevels.raise / 5, goes: true), (load: 0, goes: true),
    ])
    func copiesGoOnceTheOthersCouldServeAll(load: UInt64, goes: Bool) {
        var levels = CopyLevels()
        let unit = Self.unit(0)
        for (unit, extra) in levels.heard(
            Self.load(unit, CopyLevels.raise),
            room: { _ in (1, 1) },
            nowMS: 0
        ) { levels.made(extra, of: unit) }
        #expect(levels.made(of: unit) == 1)
        for second in 1...40 {
            _ = levels.heard(
                load > 0 ? Self.load(unit, load) : [],
                room: { _ in (1, 1) },
                nowMS: UInt64(second) * 1_000
            )
            if second < 30 { #expect(levels.made(of: unit) == 1) }
        }
        #expect(levels.isEmpty == goes)
    }

    @Test func aUnitOfAnotherOwnerIsForgotten() {
        var levels = CopyLevels()
        let hot = Self.load(Self.unit(0), CopyLevels.raise)
        _ = levels.heard(hot, room: { _ in (1, 2) }, nowMS: 0)
        #expect(!levels.isEmpty)
        #expect(levels.heard(hot, room: { _ in nil }, nowMS: 1_000).isEmpty)
        #expect(levels.isEmpty)
    }

    // MARK: - Guests

    @Test func aGuestStaysAsLongAsItIsRead() {
        var guests = GuestCopies()
        let (read, unread) = (Self.unit(0), Self.unit(1))
        #expect(guests.take(read, nowMS: 0) && guests.take(unread, nowMS: 0))
        var cooled: [UnitName] = []
        for second in stride(from: UInt64(1_000), through: 70_000, by: 1_000) {
            cooled += guests.heard(Self.load(read, 1), nowMS: second)
        }
        #expect(cooled == [unread])
        #expect(guests.contains(read) && !guests.contains(unread))
    }

    @Test func thereIsRoomForSoManyGuests() {
        var guests = GuestCopies()
        for number in 0..<GuestCopies.unitLimit {
            #expect(guests.take(Self.unit(number), nowMS: 0) == true)
        }
        #expect(guests.take(Self.unit(GuestCopies.unitLimit), nowMS: 0) == false)
        #expect(guests.take(Self.unit(0), nowMS: 1) == true)
    }

    // MARK: - Fresh pages

    @Test func freshPagesAreGivenAwayOnceByUnit() {
        var fresh = FreshPages()
        let object = Self.unit(0).object
        for page: UInt32 in [0, 65, 2, 0] { fresh.note(page: page, of: object) }
        let (units, hasOverflowed) = fresh.take()
        #expect(units.map(\.unit) == [0, 1])
        #expect(units.map(\.pages) == [0b101, 0b10])
        #expect(!hasOverflowed)
        #expect(fresh.take().units.isEmpty)
    }

    @Test func moreFreshUnitsThanFitAreSaidToBeMissing() {
        var fresh = FreshPages()
        for number in 0...FreshPages.unitLimit {
            fresh.note(page: 0, of: Self.unit(0, of: "o\(number)").object)
        }
        let (units, hasOverflowed) = fresh.take()
        #expect(units.count == FreshPages.unitLimit && hasOverflowed)
        #expect(!fresh.take().hasOverflowed)
    }

    // MARK: - Hints

    @Test func aHintLastsForSeconds() {
        var hints = CopyHints()
        hints.heard(3, of: 7, nowMS: 100)
        #expect(hints.copies(of: 7, nowMS: 5_099) == 3)
        #expect(hints.copies(of: 8, nowMS: 5_099) == 0)
        #expect(hints.copies(of: 7, nowMS: 5_100) == 0)
        hints.heard(3, of: 7, nowMS: 6_000)
        hints.heard(0, of: 7, nowMS: 6_001)
        #expect(hints.copies(of: 7, nowMS: 6_002) == 0)
    }

    @Test func hintsAreBounded() {
        var hints = CopyHints()
        for hash in 0..<UInt64(CopyHints.unitLimit) { hints.heard(2, of: hash, nowMS: 0) }
        hints.heard(2, of: .max, nowMS: 1)
        #expect(hints.copies(of: .max, nowMS: 1) == 0)
        hints.heard(2, of: .max, nowMS: 5_000)
        #expect(hints.copies(of: .max, nowMS: 5_000) == 2)
    }
}
