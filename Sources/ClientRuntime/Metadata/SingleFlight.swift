// SPDX-License-Identifier: Apache-2.0

/// Collapses concurrent loads of one key into one.
///
/// Cancelling a caller neither cancels the load nor returns early: others wait for it too.
actor SingleFlight<Key: Hashable & Sendable, Value: Sendable> {
    private var inFlight: [Key: Task<Value, Never>] = [:]

    /// The value that a load running now gives, or that of a new one.
    func value(for key: Key, load: @escaping @Sendable () async -> Value) async -> Value {
        if let running = inFlight[key] { return await running.value }
        // Outlives its first caller, bounded by the load's deadline.
        let task = Task { await load() }
        inFlight[key] = task
        defer { inFlight[key] = nil }  // Ours: while it is registered, everybody else joins it.
        return await task.value
    }
}
