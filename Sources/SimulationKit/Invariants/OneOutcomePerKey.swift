// SPDX-License-Identifier: Apache-2.0

import CatalogCore
import Primitives

/// A command with an idempotency key has one outcome, however often it stands in the log and whoever
/// applies it.
struct OneOutcomePerKey: Invariant {
    mutating func violation(after observation: Observation, in world: World) -> String? {
        if let problem = world.chronicle.changedOutcome { return problem }
        for (operation, outcome) in observation.outcomes {
            if let first = world.chronicle.outcome(ofKeyed: operation), first != outcome {
                return "operation \(operation) came to \(first), and then to \(outcome)"
            }
        }
        return nil
    }
}
