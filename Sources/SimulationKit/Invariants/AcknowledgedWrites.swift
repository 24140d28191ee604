// SPDX-License-Identifier: Apache-2.0

import Primitives
import RaftCore

/// A write that its client was told is done is in the committed history, at the revision that it was
/// told, and nowhere else; one that was declined is not.
///
/// The history never changes (``StateMachineSafety``), so it stays there; ``Simulation`` compares
/// every node's state with it at the end.
struct AcknowledgedWrites: Invariant {
    mutating func violation(after observation: Observation, in world: World) -> String? {
        for (operation, answer) in observation.answers {
            let effect = world.chronicle.effect(of: operation.id)
            switch answer {
            case .written(let revision, let value):
                if effect?.revision != revision || value != operation.id {
                    return "write \(operation.id) is not at \(revision)"
                }
            case .removed:
                if effect == nil { return "removal \(operation.id) is not there" }
            case .mismatch, .declined:
                if effect != nil { return "write \(operation.id) was declined, and took effect" }
            case .done, .read: break
            }
        }
        return nil
    }
}
