// SPDX-License-Identifier: Apache-2.0

import Primitives
import RaftCore

/// A linearizable read sees everything that was committed when it was asked.
///
/// Stricter than linearizability, which speaks of acknowledged writes only; ReadIndex gives it.
struct ReadFreshness: Invariant {
    mutating func violation(after observation: Observation, in world: World) -> String? {
        for case (let operation, .read(_, let version, let index)) in observation.answers {
            if index < operation.floor {
                return "read \(operation.id) at \(index), "
                    + "\(operation.floor) was committed when it was asked"
            }
            if version < operation.versionFloor {
                return "read \(operation.id) saw the write at \(version), "
                    + "one at \(operation.versionFloor) was committed when it was asked"
            }
        }
        return nil
    }
}
