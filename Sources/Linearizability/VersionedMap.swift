// SPDX-License-Identifier: Apache-2.0

package import Primitives

/// Keys with values and revisions, written under conditions: what Tarn's catalog offers for mounts.
///
/// One counter of revisions is shared by all keys; every write takes the next number and returns it. To
/// one key that means: the revision of a write is higher than that of the write before it.
///
/// Values are numbers: give each write one of its own (a digest of the entry will do), so that a read
/// tells which write it saw.
package enum VersionedMap: SequentialModel {
    /// What must be true of the current entry for a write to happen.
    package enum Condition: Hashable, Sendable, CustomStringConvertible {
        /// Whatever is there. A deletion still needs an entry.
        case any
        case absent
        /// There is an entry, written at this revision.
        case revision(UInt64)

        package var description: String {
            switch self {
            case .any: ""
            case .absent: " if absent"
            case .revision(let revision): " if at revision \(revision)"
            }
        }
    }

    package enum Input: Hashable, Sendable, CustomStringConvertible {
        case get(ByteString)
        case put(ByteString, UInt64, if: Condition)
        case delete(ByteString, if: Condition)

        package var key: ByteString {
            switch self {
            case .get(let key), .put(let key, _, _), .delete(let key, _): key
            }
        }

        package var description: String {
            switch self {
            case .get(let key): "get \(key)"
            case .put(let key, let value, let condition): "put \(key) = \(value)\(condition)"
            case .delete(let key, let condition): "delete \(key)\(condition)"
            }
        }
    }

    package enum Output: Sendable, Equatable, CustomStringConvertible {
        /// The entry as it was last written; `asOf` is the revision of the whole map that the read saw,
        /// where it was told (`Tarn-Revision`).
        case found(UInt64, revision: UInt64, asOf: UInt64?)
        case absent(asOf: UInt64?)
        /// The write took effect at this revision.
        case written(UInt64)
        /// The condition did not hold: the current entry has this revision, 0 if there is none.
        case refused(current: UInt64)

        package var description: String {
            switch self {
            case .found(let value, let revision, let asOf):
                "\(value) at revision \(revision)\(asOf.map { " as of \($0)" } ?? "")"
            case .absent(let asOf): "absent\(asOf.map { " as of \($0)" } ?? "")"
            case .written(let revision): "written at revision \(revision)"
            case .refused(let current): "refused, the current revision is \(current)"
            }
        }
    }

    /// One key.
    package struct State: Hashable, Sendable, CustomStringConvertible {
        /// `nil`: there is no entry.
        var value: UInt64?
        /// Of the last write, deletions included.
        var revision: KnownRevision

        package var description: String {
            "\(value.map { "\($0)" } ?? "absent"), last written \(revision)"
        }
    }

    package static var initial: State { .init(value: nil, revision: .exactly(0)) }

    package static func key(of input: Input) -> ByteString { input.key }

    package static func apply(_ input: Input, to state: State, giving output: Output?) -> State? {
        switch input {
        case .get: read(state, output)
        case .put(_, let value, let condition):
            write(value, if: condition, to: state, output)
        case .delete(_, let condition):
            // Nothing can be deleted that is not there, whatever the condition says.
            state.value == nil
                ? (output == .refused(current: 0) ? state : nil)
                : write(nil, if: condition, to: state, output)
        }
    }

    /// Revisions never go back: a write comes before whoever sees it, both before the next write.
    package static func rank(of output: Output) -> UInt64? {
        switch output {
        case .written(let revision): revision &* 2
        case .found(_, let revision, _), .refused(current: let revision):
            revision == 0 ? nil : revision &* 2 &+ 1
        case .absent: nil
        }
    }

    // MARK: - Private

    private static func read(_ state: State, _ output: Output?) -> State? {
        switch output {
        case .found(let value, let revision, _):
            state.value == value ? state.at(revision) : nil
        case .absent: state.value == nil ? state : nil
        case .written, .refused, nil: nil
        }
    }

    private static func write(
        _ value: UInt64?,
        if condition: Condition,
        to state: State,
        _ output: Output?
    ) -> State? {
        switch output {
        case .written(let revision):
            guard let current = holding(condition, state),
                let next = current.revision.followed(by: revision)
            else { return nil }
            return State(value: value, revision: next)
        case nil:
            guard let current = holding(condition, state) else { return nil }
            return State(value: value, revision: current.revision.followedByUnknown)
        case .refused(let current): return refusing(condition, state, current)
        case .found, .absent: return nil
        }
    }

    /// What is known of a state in which the condition holds; `nil` if it does not.
    private static func holding(_ condition: Condition, _ state: State) -> State? {
        switch condition {
        case .any: state
        case .absent: state.value == nil ? state : nil
        case .revision(let revision): state.value == nil ? nil : state.at(revision)
        }
    }

    /// What is known of a state in which the condition does not hold and the revision is `current`.
    private static func refusing(
        _ condition: Condition,
        _ state: State,
        _ current: UInt64
    ) -> State? {
        let entry = state.value == nil ? (current == 0 ? state : nil) : state.at(current)
        return switch condition {
        case .any: nil
        case .absent: state.value == nil ? nil : entry
        case .revision(let expected): expected == current ? nil : entry
        }
    }
}

/// The revision of a key's last write, as far as anybody was told.
enum KnownRevision: Hashable, Sendable, CustomStringConvertible {
    case exactly(UInt64)
    /// A write took effect whose answer nobody got; its revision is higher than this.
    case above(UInt64)

    var description: String {
        switch self {
        case .exactly(let revision): "at revision \(revision)"
        case .above(let revision): "after revision \(revision)"
        }
    }

    /// The same, once somebody has seen that it is `revision`; `nil` if it cannot be.
    func seen(_ revision: UInt64) -> Self? {
        switch self {
        case .exactly(let known): known == revision ? self : nil
        case .above(let bound): revision > bound ? .exactly(revision) : nil
        }
    }

    /// After a write that says it has `revision`; `nil` if it cannot have.
    func followed(by revision: UInt64) -> Self? {
        switch self {
        case .exactly(let known): revision > known ? .exactly(revision) : nil
        case .above(let bound): revision > bound && revision - bound > 1 ? .exactly(revision) : nil
        }
    }

    /// After a write whose revision nobody knows.
    ///
    /// Two of them in a row make the bound no higher: the first may as well not have happened.
    var followedByUnknown: Self {
        switch self {
        case .exactly(let known): .above(known)
        case .above: self
        }
    }
}

extension VersionedMap.State {
    func at(_ revision: UInt64) -> Self? {
        self.revision.seen(revision).map { Self(value: value, revision: $0) }
    }
}
