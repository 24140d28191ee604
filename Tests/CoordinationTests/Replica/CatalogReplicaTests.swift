// SPDX-License-Identifier: Apache-2.0
import CatalogCore
import Coordination
import FeedCore
import Primitives
import Testing

@Suite(.timeLimit(.minutes(1)))
struct CatalogReplicaTests {
    func replica(mounts: Int, feedCount: Int = 20_000) -> CatalogReplica {
        let replica = CatalogReplica(feedCount: feedCount)
        apply(genesis(), at: 2, to: replica)
        for number in 0..<mounts { apply(put("/m\(number)"), at: UInt64(number) + 3, to: replica) }
        return replica
    }

    @discardableResult
    func apply(
        _ command: CatalogCommand,
        at index: UInt64,
        to replica: CatalogReplica
    )
        -> CatalogOutcome?
    {
        replica.apply(command, index: LogIndex(index), payload: command.encode())
    }

    @Test func anIndexIsAppliedOnce() {
        let replica = replica(mounts: 3)
        let before = replica.current
        #expect(apply(put("/other"), at: 5, to: replica) == nil)
        replica.advance(to: LogIndex(2))
        replica.restore(Catalog(), at: LogIndex(5))
        #expect(replica.catalog.stateDigest == before.catalog.stateDigest)
        #expect(replica.applied == before.applied)
    }

    @Test func aFollowerAheadGetsItsOwnIndexBack() throws {
        let replica = replica(mounts: 3)
        guard case .commands(let commands, let upTo) = replica.feed(after: LogIndex(99), limit: 9)
        else { throw ExpectationFailure() }
        #expect(commands.isEmpty)
        #expect(upTo == LogIndex(99), "it claims nothing that it does not have")
    }

    /// Goal: `upTo` is exactly what was sent, whatever bound cut the batch, and a no-op counts.
    @Test func completeIsNeverBeyondWhatWasSent() throws {
        let replica = replica(mounts: 10)
        replica.advance(to: LogIndex(20))
        for (limit, bytes) in [(4, Int.max), (100, 150), (1, 1)] {
            var after = LogIndex(2)
            var seen: [UInt64] = []
            while after < LogIndex(20) {
                guard
                    case .commands(let commands, let upTo) = replica.feed(
                        after: after,
                        limit: limit,
                        byteLimit: bytes
                    )
                else { throw ExpectationFailure() }
                seen += commands.map(\.index.rawValue)
                #expect(upTo == LogIndex(20) || upTo == commands.last?.index)
                #expect(upTo > after)
                after = upTo
            }
            #expect(seen == Array(3...12))
        }
    }

    @Test func aFollowerBehindTheHorizonGetsTheState() throws {
        let replica = replica(mounts: 10, feedCount: 4)
        guard case .state(let catalog, let index) = replica.feed(after: LogIndex(3), limit: 9)
        else {
            throw ExpectationFailure()
        }
        #expect(index == LogIndex(12))
        #expect(catalog.mountCount == 10)
    }

    /// Goal: what is known to be wrong is given to nobody, and what is shown never goes back.
    @Test func aDoubtedStateIsKeptToItself() throws {
        let replica = replica(mounts: 3)
        #expect(replica.sound?.applied == LogIndex(5))
        replica.doubt()
        #expect(replica.sound == nil && replica.isRebuilding)
        #expect(replica.applied == LogIndex(5), "reads go on")

        replica.beginRebuild(from: Catalog(), at: .zero)
        apply(genesis(), at: 2, to: replica)
        replica.endRebuild()
        #expect(replica.sound == nil, "what is shown is newer than what was made")
        for number in 0..<3 { apply(put("/m\(number)"), at: UInt64(number) + 3, to: replica) }
        #expect(replica.sound?.applied == LogIndex(5))
        #expect(replica.sound?.catalog.mountCount == 3)
    }

    /// A leader's snapshot that is older than what is shown carries the rebuilding on: entries up to
    /// it come no more.
    @Test func aSnapshotBehindWhatIsShownCarriesARebuildOn() throws {
        let sound = replica(mounts: 3)
        let replica = replica(mounts: 5)
        replica.doubt()
        replica.beginRebuild(from: Catalog(), at: .zero)
        replica.restore(sound.catalog, at: LogIndex(5))
        for number in 3..<5 { apply(put("/m\(number)"), at: UInt64(number) + 3, to: replica) }
        replica.endRebuild()
        #expect(replica.sound?.applied == LogIndex(7))
        #expect(replica.sound?.catalog.mountCount == 5)
    }
}

struct ExpectationFailure: Error {}
