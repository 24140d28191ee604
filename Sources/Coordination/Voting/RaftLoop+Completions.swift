// SPDX-License-Identifier: Apache-2.0
import Primitives
import RaftCore

/// What the log's thread tells.
extension RaftLoop {
    mutating func completed(_ completion: LogWriter.Completion) {
        switch completion {
        case .persisted(let sequence, let seconds):
            ports.fsyncTook(seconds)
            let released = held.release(sequence)
            step(.persisted(sequence))
            for send in released { ports.send(send.message, send.to) }
        case .promised(let sequence):
            for send in held.releaseVotes(sequence) { ports.send(send.message, send.to) }
        case .snapshotSaved(let metadata, let state):
            snapshots.saved((metadata, state))
            step(.snapshotTaken(metadata))
        case .snapshotDamaged(let position):
            snapshots.notSaved()
            ports.stateChanged(.snapshotDamaged(at: position.index))
            machine.inspect()  // The next comparison shows it; a majority decides who is wrong.
        case .snapshotGivenUp:
            snapshots.notSaved()
        case .space(let space):
            disk = space
            ports.spaceChanged(space)
            step(.diskSpace(isFull: space.isFull))
        case .snapshotInstalled(let metadata, let state):
            prepareSnapshot(metadata, state)
        }
    }
}
