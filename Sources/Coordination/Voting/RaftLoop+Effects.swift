// SPDX-License-Identifier: Apache-2.0
import Primitives
import RaftCore

/// What the core's effects are turned into.
extension RaftLoop {
    mutating func perform(_ effect: RaftEffect) {
        switch effect {
        case .persist(let write):
            writer.submit(.write(write))
        case .send(let message, let voter, let after):
            send(message, to: voter, after: after)
        case .apply(let entries):
            backlog.add(entries)
        case .proposed(let request, let position):
            changes.removeValue(forKey: request)?.resolve(nil)
            proposals.placed(request, at: position)
        case .changeRefused(let request, let refusal):
            changes.removeValue(forKey: request)?.resolve(refusal)
        case .dropped(let request, let refusal):
            proposals.refused(request, refusal)
        case .readReady(let request, let index):
            reads.removeValue(forKey: request)?.resolve(.success(index))
        case .readFailed(let request, let refusal):
            reads.removeValue(forKey: request)?.resolve(.failure(refusal))
        case .role(let role, let term, let leader):
            ports.roleChanged(role, term, leader)
        case .readSnapshot(let metadata, let node, let offset, let byteCount):
            readSnapshot(metadata, for: node, offset: offset, byteCount: byteCount)
        case .installSnapshot(let metadata, let state):
            snapshots.installing()
            writer.submit(.installSnapshot(metadata, state: state))
        case .quarantine(let own, let agreed, let restart):
            beginRebuild(own: own, agreed: agreed, from: restart)
        case .rebuilt:
            machine.endRebuild()
            ports.stateChanged(.rebuilt)
        case .alarm(let alarm):
            ports.stateChanged(.alarm(alarm))
        }
    }

    private mutating func send(_ message: RaftMessage, to voter: Voter, after: WriteSequence?) {
        if let after, !held.mayLeave(message, after: after) {
            held.hold(message, to: voter, after: after)
        } else {
            ports.send(message, voter)
        }
    }
}
