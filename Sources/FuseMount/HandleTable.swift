// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// What belongs to open files and directories, by the number the kernel hands back.
///
/// Bounded by the kernel: each entry is an open descriptor of some process.
final class HandleTable<Value: Sendable>: Sendable {
    private struct State: Sendable {
        var nextNumber: UInt64 = 1
        var values: [UInt64: Value] = [:]
    }

    private let state = Mutex(State())

    var count: Int { state.withLock { $0.values.count } }

    func open(_ value: Value) -> UInt64 {
        state.withLock { state in
            defer { state.nextNumber += 1 }
            state.values[state.nextNumber] = value
            return state.nextNumber
        }
    }

    func close(_ number: UInt64) {
        state.withLock { $0.values[number] = nil }
    }

    func value(_ number: UInt64) -> Value? {
        state.withLock { $0.values[number] }
    }

    /// Changes the value of `number`, if it is open.
    func update<Result: Sendable>(
        _ number: UInt64,
        _ change: @Sendable (inout Value) -> Result
    ) -> Result? {
        state.withLock { state in
            guard var value = state.values[number] else { return nil }
            let result = change(&value)
            state.values[number] = value
            return result
        }
    }
}
