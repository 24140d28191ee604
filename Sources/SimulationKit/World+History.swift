// SPDX-License-Identifier: Apache-2.0

import Linearizability
import Primitives

/// What the clients saw, checked as a whole.
extension World {
    /// Why what the clients were told has no order that explains it; `nil` if it has one.
    ///
    /// For a world that has come to rest: what was not committed by then never happened.
    var disorder: String? {
        if let problem = brokenRefusal { return "Linearizability: \(problem)" }
        let history = history
        if let violation = RevisionOrder.check(history) { return "RevisionOrder: \(violation)" }
        switch HistoryChecker.check(history, budget: .simulation) {
        case .linearizable: return nil
        case .violated(let example): return "Linearizability: \(example)"
        case .undecided(let key, _): return "Linearizability: undecided within budget, \(key)"
        }
    }

    /// An operation that was said to be without effect, and had one.
    private var brokenRefusal: String? {
        let broken = clients.operations.first { operation in
            operation.ending == .failed && chronicle.effects[operation.id] != nil
        }
        return broken.map { "write \($0.id) was refused and took effect" }
    }

    private var history: History<VersionedMap> {
        var history = History<VersionedMap>()
        for operation in clients.operations {
            let id = history.began(
                operation.input,
                by: UInt64(operation.client),
                at: operation.invokedUS
            )
            if let (output, timeUS) = ending(of: operation) {
                history.ended(id, with: output, at: timeUS)
            } else {
                history.failed(id)
            }
        }
        return history
    }

    /// What an operation did and when it had done it; `nil` if nothing.
    ///
    /// Of those whose client gave up the world knows more than the client: the write took effect by
    /// the time it was committed, or never. That is a stricter history, and a shorter search.
    private func ending(of operation: Operation) -> (VersionedMap.Output, atUS: UInt64)? {
        switch operation.ending {
        case .answered(.written(let index), let timeUS): return (.written(index.rawValue), timeUS)
        case .answered(.mismatch(let version), let timeUS):
            return (.refused(current: version), timeUS)
        case .answered(.read(let value, let version, let index), let timeUS):
            return version == 0
                ? (.absent(asOf: index.rawValue), timeUS)
                : (.found(value, revision: version, asOf: index.rawValue), timeUS)
        case .failed: return nil
        case .none, .unknown:
            guard let index = chronicle.effects[operation.id],
                let record = chronicle.record(at: index)
            else { return nil }
            return (.written(index.rawValue), record.committedUS)
        }
    }
}

extension Operation {
    private static let names = (0..<RegisterMachine.keyCount).map { ByteString("key \($0)") }

    fileprivate var input: VersionedMap.Input {
        let name = Self.names[key]
        switch kind {
        case .read: return .get(name)
        case .write: return .put(name, id, if: .any)
        case .swap(version: 0): return .put(name, id, if: .absent)
        case .swap(let version): return .put(name, id, if: .revision(version))
        }
    }
}
