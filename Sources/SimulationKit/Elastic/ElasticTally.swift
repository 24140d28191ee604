// SPDX-License-Identifier: Apache-2.0

package import ElasticCore

/// What happened in an elastic world, in numbers.
package struct ElasticTally: Sendable {
    package var events = 0
    package var reads = 0
    package var handedOn = 0
    /// Reads that went to the origin past all owners.
    package var pastOwners = 0
    /// Pages that workers fetched from the origin, by the cause they gave.
    package var fetched: [FetchCause: Int] = [:]
    /// Pages stored that came from another worker.
    package var carried = 0
    /// Pages stored because more than one worker keeps them.
    package var copied = 0
    package var dropped = 0
    package var notKept = 0
    package var epochs = 0
    package var elections = 0
    package var restarts = 0
    package var held = 0
    package var forced = 0
    package var drained = 0
    package var suspended = 0
    package var removed = 0
    /// Numbers of the faults that happened.
    package var injected: [Int] = []

    package init() {}

    /// Pages fetched, by cause, in words.
    package var causes: String {
        fetched.sorted { $0.key.rawValue < $1.key.rawValue }
            .map { "\($0.value) as \($0.key.rawValue)" }.joined(separator: ", ")
    }

    /// Adds another world's.
    package mutating func add(_ other: Self) {
        let counts: [WritableKeyPath<Self, Int>] = [
            \.events, \.reads, \.handedOn, \.pastOwners, \.carried, \.copied, \.dropped, \.notKept,
            \.epochs,
            \.elections, \.restarts, \.held, \.forced, \.drained, \.suspended, \.removed,
        ]
        for count in counts { self[keyPath: count] += other[keyPath: count] }
        fetched.merge(other.fetched) { $0 + $1 }
        injected += other.injected
    }
}
