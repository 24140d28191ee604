// SPDX-License-Identifier: Apache-2.0
import CatalogCore
import ElasticCore
import Primitives
import Testing

/// Goal: everything is looked at whenever something may be missing, and not more often.
struct CopyScheduleTests {
    private static func situation(epoch: UInt64, replicas: UInt8) -> CopySchedule.Situation {
        let member = RingEntry.Member(id: NodeID(1), name: "w1", zone: "z", capacity: 1 << 37)
        var catalog = Catalog()
        let mount = MountEntry(
            path: "/data/a",
            mount: Mount(origin: "s3://bucket/p", replicas: replicas),
            origins: [ResolvedOrigin(region: nil, origin: OriginID(1))],
            createRevision: Revision(1),
            modRevision: Revision(1)
        )
        _ = catalog.mirror("mounts//data/a", .mount(mount))
        let ring = RingEntry(
            region: "r",
            epoch: RingEpoch(epoch),
            members: [member],
            previous: [],
            modRevision: .zero
        )
        _ = catalog.mirror("rings/r", .ring(ring))
        catalog.mirrored(upTo: Revision(2))
        return CopySchedule.Situation(
            RegionView(of: "r", in: catalog, after: nil),
            ReplicaCounts(catalog, region: "r")
        )
    }

    @Test func aWalkFollowsAChangeAndAnHour() {
        var schedule = CopySchedule()
        let (first, second) = (
            Self.situation(epoch: 1, replicas: 2), Self.situation(epoch: 2, replicas: 2)
        )
        #expect(schedule.begins(first, nowMS: 0) == true)
        #expect(schedule.begins(first, nowMS: 200) == false)
        #expect(schedule.begins(second, nowMS: 400) == true)
        #expect(schedule.begins(second, nowMS: 400 + CopySchedule.usualMS - 1) == false)
        #expect(schedule.begins(second, nowMS: 400 + CopySchedule.usualMS) == true)
    }

    @Test func oneCopyNeedsNoWalkButTheFirstAfterMore() {
        var schedule = CopySchedule()
        let (one, two) = (
            Self.situation(epoch: 1, replicas: 1), Self.situation(epoch: 1, replicas: 2)
        )
        #expect(schedule.begins(one, nowMS: 0) == false)
        #expect(schedule.begins(two, nowMS: 1) == true)
        #expect(schedule.begins(one, nowMS: 2) == true)
        #expect(schedule.begins(one, nowMS: 3 + CopySchedule.usualMS) == false)
    }

    /// What came amid a walk lies where it has been already.
    @Test func pagesThatWereMissedAreLookedForAtOnceAndOffersAfterAMinute() {
        var schedule = CopySchedule()
        let situation = Self.situation(epoch: 1, replicas: 2)
        #expect(schedule.begins(situation, nowMS: 0) == true)
        schedule.missedPages(nowMS: 500)
        #expect(schedule.begins(situation, nowMS: 500) == true)
        schedule.cameToNothing(nowMS: 1_000)
        schedule.cameToNothing(nowMS: 9_000)
        #expect(schedule.begins(situation, nowMS: 1_000 + CopySchedule.retryMS - 1) == false)
        #expect(schedule.begins(situation, nowMS: 1_000 + CopySchedule.retryMS) == true)
    }
}
