// SPDX-License-Identifier: Apache-2.0

/// Says whether a history is linearizable: whether each operation can have taken effect at one moment
/// between its begin and its end.
///
///     var history = History<VersionedMap>()
///     let id = history.began(.put("a", 7, if: .any), by: 1, at: 10)
///     history.ended(id, with: .written(4), at: 20)
///     switch HistoryChecker.check(history, budget: .simulation) { … }
///
/// Void operations are left out. Open ones may take effect at any time after their begin, or never.
/// Complexity: exponential in the operations that overlap, bounded by the budget for each key.
package enum HistoryChecker {
    /// Checks key by key, in the order of keys, and stops at the first that fails.
    package static func check<Model: SequentialModel>(
        _ history: History<Model>,
        budget: CheckBudget
    ) -> Verdict<Model> {
        var witnesses: [Witness<Model>] = []
        for (key, operations) in partition(history) {
            var search = KeySearch(operations)
            switch search.run(budget) {
            case .order(let order):
                witnesses.append(Witness(key: key, order: order))
            case .none(let longest, let state, let stuck):
                return .violated(
                    Counterexample(key: key, longest: longest, state: state, stuck: stuck)
                )
            case .exhausted:
                return .undecided(key: key, budget)
            }
        }
        return .linearizable(witnesses)
    }

    private static func partition<Model: SequentialModel>(
        _ history: History<Model>
    ) -> [(key: Model.Key, operations: [History<Model>.Operation])] {
        var places: [Model.Key: Int] = [:]
        var parts: [(key: Model.Key, operations: [History<Model>.Operation])] = []
        for operation in history.operations {
            if case .void = operation.ending { continue }
            let key = Model.key(of: operation.input)
            if let place = places[key] {
                parts[place].operations.append(operation)
            } else {
                places[key] = parts.count
                parts.append((key, [operation]))
            }
        }
        return parts.sorted { $0.key < $1.key }
    }
}
