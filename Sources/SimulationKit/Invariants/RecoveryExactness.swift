// SPDX-License-Identifier: Apache-2.0

import Primitives
import RaftCore

/// What a start finds on the disk is what was durable there, and as many of the steps that were
/// under way as came to pass, in their order; and all of it is durable from then on.
///
/// Term and vote may be ahead of the rest: they are written first. On a medium that was damaged the
/// newest snapshot may be passed over for the one before it and the log behind that.
struct RecoveryExactness: Invariant {
    mutating func violation(after observation: Observation, in world: World) -> String? {
        guard let restart = observation.restarts.first, let node = observation.node else {
            return nil
        }
        let found = restart.found
        let name = world.nodes[node].voter.node
        if restart.durable != found {
            return "\(name) opened \(found.summary), on the disk is \(restart.durable.summary)"
        }
        var stages = Stages(restart.crash.before)
        for job in restart.crash.underWay { stages.perform(job) }
        let isSame = { (stage: LogContent) in
            stage.hasSameLog(as: found)
                || (restart.wasDamaged && found.goesBackFurther(than: stage))
        }
        guard stages.logs.contains(where: isSame) else {
            return "\(name) opened \(found.summary), \(stages.logs.count) stages after "
                + "\(restart.crash.before.summary) are others"
        }
        let isKnown = stages.hardStates.contains(found.hardState)
        return isKnown ? nil : "\(name) opened \(found.hardState), none of \(stages.hardStates)"
    }

    /// Everything that a log may hold while jobs are being done.
    private struct Stages {
        private(set) var logs: [LogContent]
        private(set) var hardStates: [HardState]
        private var current: LogContent

        init(_ start: LogContent) {
            current = start
            logs = [start]
            hardStates = [start.hardState]
        }

        mutating func perform(_ job: SimulatedDisk.Job) {
            switch job {
            case .write(let write):
                if let state = write.hardState { hardStates.append(state) }
                if let cut = write.truncateFrom { note { $0.truncate(from: cut) } }
                for entry in write.entries { note { $0.append(entry) } }
            case .snapshot(let metadata, _), .installation(let metadata, _):
                note { $0.replaceBeginning(with: metadata) }
            }
        }

        private mutating func note(_ change: (inout LogContent) -> Void) {
            change(&current)
            logs.append(current)
        }
    }
}
