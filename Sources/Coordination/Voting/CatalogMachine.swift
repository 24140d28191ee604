// SPDX-License-Identifier: Apache-2.0
import CatalogCore
import Glibc
import Logging
import Primitives

/// Applies committed entries to the replica: the state machine under the voter's driver.
struct CatalogMachine: StateMachine {
    let replica: CatalogReplica
    let log: Logger

    func apply(index: LogIndex, payload: [UInt8]) -> [UInt8] {
        let command: CatalogCommand
        do throws(ByteDecodingError) {
            command = try CatalogCommand(decoding: payload)
        } catch {
            stop(
                "a committed entry cannot be read: was it written by a newer release?",
                index,
                error
            )
        }
        return replica.apply(command, index: index, payload: payload)?.encode() ?? []
    }

    func advance(to index: LogIndex) { replica.advance(to: index) }

    func capture() -> (index: LogIndex, encode: @Sendable () -> [UInt8]) {
        let (catalog, applied) = replica.current
        return (applied, { catalog.encodeSnapshot() })
    }

    func restore(_ state: [UInt8], at index: LogIndex) {
        do throws(ByteDecodingError) {
            replica.restore(try Catalog(decodingSnapshot: state), at: index)
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
