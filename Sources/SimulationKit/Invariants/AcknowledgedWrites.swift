// SPDX-License-Identifier: Apache-2.0

import Primitives
import RaftCore

/// A write that its client was told is done is in the committed history, where it was said to be,
/// and nowhere else.
///
/// The history never changes (``StateMachineSafety``), so it stays there; ``Simulation`` compares
/// every node's state with it at the end.
struct AcknowledgedWrites: Invariant {
    mutating func violation(after observation: Observation, in world: World) -> String? {
        for case (let operation, .written(let index)) in observation.answers {
            let command = world.chronicle.record(at: index).flatMap { RegisterCommand($0.entry) }
            guard command?.operation == operation.id,
                world.chronicle.effects[operation.id] == index
            else { return "write \(operation.id) is not at \(index)" }
        }
        return nil
    }
}
