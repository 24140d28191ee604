// SPDX-License-Identifier: Apache-2.0
import CatalogCore
import Glibc
import Logging
import Primitives
import RaftCore

/// Applies committed entries to the replica: the state machine under the voter's driver.
struct CatalogMachine: StateMachine {
    let replica: CatalogReplica
    let clock: ElapsedClock
    let log: Logger

    init(replica: CatalogReplica, now: @escaping @Sendable () -> UInt64, log: Logger) {
        self.replica = replica
        self.log = log
        clock = ElapsedClock(now: now)
        clock.saw(replica.catalog.elapsedMS)
    }

    func stamped(_ payload: [UInt8]) -> [UInt8] {
        CatalogCommand.stamped(payload, elapsedMS: clock.elapsedMS)
    }

    func purpose(of payload: [UInt8]) -> Proposal.Purpose {
        CatalogCommand.isAboutMembers(payload) ? .members : .ordinary
    }

    var applied: LogIndex { replica.applied }

    func apply(_ entries: ArraySlice<LogEntry>) -> [[UInt8]] {
        let outcomes = replica.apply(entries.map(step(of:)))
        return outcomes.map { $0?.encode() ?? [] }
    }

    private func step(of entry: LogEntry) -> CatalogReplica.Step {
        switch entry.kind {
        case .command:
            let command = command(of: entry)
            clock.saw(command.elapsedMS)
            return .init(entry.index, command: command, payload: entry.payload)
        case .configuration:
            let command = Self.command(configuration: entry.payload)
            return .init(entry.index, command: command, payload: command?.encode() ?? [])
        case .noop:
            return .init(entry.index, command: nil)
        }
    }

    private func command(of entry: LogEntry) -> CatalogCommand {
        do throws(ByteDecodingError) {
            return try CatalogCommand(decoding: entry.payload)
        } catch {
            stop(
                "a committed entry cannot be read: was it written by a newer release?",
                entry.index,
                error
            )
        }
    }

    /// What a configuration entry means to the catalog: the same on every replica, and in the feed.
    ///
    /// While two sets decide together both vote. One that nobody can read changes nothing, as in the
    /// core.
    static func command(configuration payload: [UInt8]) -> CatalogCommand? {
        guard let voters = try? VoterSet(decoding: payload) else { return nil }
        return CatalogCommand(operation: .members(voters: voters.deciders.map(\.node)))
    }

    func capture() -> (index: LogIndex, encode: @Sendable () -> [UInt8]?) {
        let (catalog, applied) = replica.current
        return (applied, { catalog.isIntact ? catalog.encodeSnapshot() : nil })
    }

    func digest(at index: LogIndex) -> UInt64? { replica.digest(at: index) }

    func inspect() { replica.inspect() }

    func doubt() { replica.doubt() }

    func prepareRebuild(
        from state: [UInt8]?,
        at index: LogIndex
    ) -> (@Sendable () -> Void)? {
        guard let state else {
            return { [replica] in replica.beginRebuild(from: Catalog(), at: .zero) }
        }
        guard let catalog = try? Catalog(decodingSnapshot: state) else { return nil }
        return { [replica] in replica.beginRebuild(from: catalog, at: index) }
    }

    func endRebuild() { replica.endRebuild() }

    func prepareRestore(_ state: [UInt8], at index: LogIndex) -> @Sendable () -> Void {
        do throws(ByteDecodingError) {
            let catalog = try Catalog(decodingSnapshot: state)
            return { [replica, clock] in
                clock.saw(catalog.elapsedMS)
                replica.restore(catalog, at: index)
            }
        } catch {
            stop("a leader's snapshot cannot be read", index, error)
        }
    }

    /// Going on would make this replica differ from the others: better down than wrong.
    private func stop(
        _ what: Logger.Message,
        _ index: LogIndex,
        _ error: ByteDecodingError
    ) -> Never {
        log.critical(what, metadata: ["raft.index": "\(index)", "error": "\(error)"])
        _exit(1)
    }
}
