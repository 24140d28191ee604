// SPDX-License-Identifier: Apache-2.0

import Primitives
import RaftCore

/// A linearizable read sees everything that was committed when it was asked.
///
/// Stricter than linearizability, which speaks of acknowledged writes only; ReadIndex gives it.
struct ReadFreshness: Invariant {
    mutating func violation(after observation: Observation, in world: World) -> String? {
        for case (let operation, .read(_, _, let index, let revision)) in observation.answers {
            if index < operation.floor {
                return "read \(operation.id) at \(index), "
                    + "\(operation.floor) was committed when it was asked"
            }
            if revision < operation.revisionFloor {
                return "read \(operation.id) saw \(revision), "
                    + "\(operation.revisionFloor) was committed when it was asked"
            }
        }
        return nil
    }
}
