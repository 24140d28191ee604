// SPDX-License-Identifier: Apache-2.0

import Linearizability

/// The obvious checker, for a handful of operations of one key: tries every order.
enum EveryOrder {
    static func explains<Model: SequentialModel>(_ history: History<Model>) -> Bool {
        canFinish(from: Model.initial, with: history.operations)
    }

    private static func canFinish<Model: SequentialModel>(
        from state: Model.State,
        with left: [History<Model>.Operation]
    ) -> Bool {
        if left.allSatisfy({ $0.endedAt == nil }) { return true }
        return left.indices.contains { index in
            let operation = left[index]
            let isTooEarly = left.contains { $0.endedAt ?? .max < operation.beganAt }
            guard !isTooEarly,
                let next = Model.apply(operation.input, to: state, giving: operation.output)
            else { return false }
            var rest = left
            rest.remove(at: index)
            return canFinish(from: next, with: rest) as Bool
        }
    }
}
