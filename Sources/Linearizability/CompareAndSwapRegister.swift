// SPDX-License-Identifier: Apache-2.0

/// One register with read, write and compare-and-swap: the model of the recorded etcd histories.
package enum CompareAndSwapRegister: SequentialModel {
    package enum Input: Hashable, Sendable, CustomStringConvertible {
        case read
        case write(Int)
        case swap(from: Int, to: Int)

        package var description: String {
            switch self {
            case .read: "read"
            case .write(let value): "write \(value)"
            case .swap(let old, let new): "swap \(old) for \(new)"
            }
        }
    }

    package enum Output: Sendable, CustomStringConvertible {
        /// `nil`: nothing was ever written.
        case value(Int?)
        case done
        /// The compare did not match.
        case mismatch

        package var description: String {
            switch self {
            case .value(let value): value.map { "\($0)" } ?? "nothing"
            case .done: "done"
            case .mismatch: "mismatch"
            }
        }
    }

    package static var initial: Int? { nil }

    /// All operations are about the one register.
    package static func key(of input: Input) -> Int { 0 }

    package static func apply(_ input: Input, to state: Int?, giving output: Output?) -> Int?? {
        switch (input, output) {
        case (.read, .value(let value)): value == state ? .some(state) : .none
        case (.write(let value), .done), (.write(let value), nil): value
        case (.swap(let old, let new), .done), (.swap(let old, let new), nil):
            old == state ? new : .none
        case (.swap(let old, _), .mismatch): old == state ? .none : .some(state)
        case (.read, _), (.write, _), (.swap, .value): .none
        }
    }
}
