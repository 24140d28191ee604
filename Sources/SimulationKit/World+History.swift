// SPDX-License-Identifier: Apache-2.0

import CatalogCore
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
            operation.ending == .failed && chronicle.effect(of: operation.id) != nil
        }
        return broken.map { "write \($0.id) was refused and took effect" }
    }

    private var history: History<VersionedMap> {
        var history = History<VersionedMap>()
        for operation in clients.operations {
            guard let input = operation.input else { continue }
            let id = history.began(
                input,
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
        case .answered(.written(let revision, _), let timeUS):
            return (.written(revision.rawValue), timeUS)
        case .answered(.removed, let timeUS):
            // The answer does not say when; ``AcknowledgedWrites`` has seen that it was.
            return chronicle.effect(of: operation.id).map {
                (.written($0.revision.rawValue), timeUS)
            }
        case .answered(.mismatch(let version), let timeUS):
            return (.refused(current: version), timeUS)
        case .answered(.read(let value, let version, _, let revision), let timeUS):
            return version == 0
                ? (.absent(asOf: revision.rawValue), timeUS)
                : (.found(value, revision: version, asOf: revision.rawValue), timeUS)
        case .answered(.done, _), .answered(.declined, _), .failed: return nil
        case .none, .unknown:
            guard let effect = chronicle.effect(of: operation.id),
                let record = chronicle.record(at: effect.index)
            else { return nil }
            return (.written(effect.revision.rawValue), record.committedUS)
        }
    }
}

extension Operation {
    /// As the model has it; `nil` for what is not about mounts.
    fileprivate var input: VersionedMap.Input? {
        switch kind {
        case .read: .get(path)
        case .write: .put(path, id, if: .any)
        case .create, .swap(version: 0): .put(path, id, if: .absent)
        case .swap(let version): .put(path, id, if: .revision(version))
        case .remove(version: nil): .delete(path, if: .any)
        case .remove(let version?): .delete(path, if: .revision(version))
        case .work: nil
        }
    }
}
