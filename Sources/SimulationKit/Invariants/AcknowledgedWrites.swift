// SPDX-License-Identifier: Apache-2.0

import Primitives
import RaftCore

/// A write that its client was told is done is in the committed history, where it was said to be.
///
/// The history never changes (``StateMachineSafety``), so it stays there; ``Simulation`` compares
/// every node's state with it at the end.
struct AcknowledgedWrites: Invariant {
    mutating func violation(after observation: Observation, in world: World) -> String? {
        for acknowledgement in observation.acknowledgements {
            let entry = world.chronicle.record(at: acknowledgement.position.index)?.entry
            let command = entry.flatMap(RegisterCommand.init)
            guard entry?.position == acknowledgement.position,
                command?.operation == acknowledgement.operation.id
            else {
                return "write \(acknowledgement.operation.id) is not at \(acknowledgement.position)"
            }
        }
        return nil
    }
}
