// SPDX-License-Identifier: Apache-2.0

import Primitives
import RaftCore

/// A linearizable read sees everything that was committed when it was asked.
///
/// Stricter than linearizability, which speaks of acknowledged writes only; ReadIndex gives it.
struct ReadFreshness: Invariant {
    mutating func violation(after observation: Observation, in world: World) -> String? {
        for read in observation.reads {
            if read.index < read.operation.floor {
                return "read \(read.operation.id) at \(read.index), "
                    + "\(read.operation.floor) was committed when it was asked"
            }
            if read.version < read.operation.versionFloor {
                return "read \(read.operation.id) saw the write at \(read.version), "
                    + "one at \(read.operation.versionFloor) was committed when it was asked"
            }
        }
        return nil
    }
}
