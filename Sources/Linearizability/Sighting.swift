// SPDX-License-Identifier: Apache-2.0

import Primitives

/// What an answer says about the entry that an operation found.
///
/// A read says it outright; a conditional write says what it acted on, a refusal what stood in its way.
struct Sighting {
    let operation: History<VersionedMap>.Operation
    let endedAt: UInt64
    let key: ByteString
    /// Of the entry that was there; 0 for none.
    let revision: UInt64
    /// `nil` where the answer does not tell it.
    let value: UInt64?
    /// The revision of the whole map at that moment, or a bound from below; `nil` if not told.
    let asOf: UInt64?

    /// `nil` for operations whose answer tells nothing about what was there before.
    init?(_ operation: History<VersionedMap>.Operation) {
        guard let endedAt = operation.endedAt else { return nil }
        self.operation = operation
        self.endedAt = endedAt
        key = operation.input.key
        switch operation.output {
        case .found(let value, let revision, let asOf):
            (self.revision, self.value, self.asOf) = (revision, value, asOf)
        case .absent(let asOf): (revision, value, self.asOf) = (0, nil, asOf)
        case .refused(let current): (revision, value, asOf) = (current, nil, nil)
        case .written(let written):
            // Nothing lies between what it acted on and its own revision.
            value = nil
            asOf = written == 0 ? 0 : written - 1
            switch operation.input {
            case .put(_, _, if: .revision(let expected)), .delete(_, if: .revision(let expected)):
                revision = expected
            case .put(_, _, if: .absent): revision = 0
            case .get, .put, .delete: return nil
            }
        case nil: return nil
        }
    }
}
