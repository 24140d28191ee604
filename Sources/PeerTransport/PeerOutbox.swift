// SPDX-License-Identifier: Apache-2.0

/// One-way messages waiting for a connection to take them: bounded, the oldest go first.
struct PeerOutbox {
    private var messages: [[UInt8]] = []
    private var start = 0
    private var byteCount = 0
    private let countLimit: Int
    private let byteLimit: Int

    init(countLimit: Int, byteLimit: Int) {
        self.countLimit = countLimit
        self.byteLimit = byteLimit
    }

    var count: Int { messages.count - start }

    var isEmpty: Bool { count == 0 }

    /// Adds a message; returns how many older ones had to go for it.
    mutating func append(_ message: [UInt8]) -> Int {
        messages.append(message)
        byteCount += message.count
        var dropped = 0
        while count > 1, count > countLimit || byteCount > byteLimit {
            _ = popFirst()
            dropped += 1
        }
        return dropped
    }

    /// Takes the oldest messages, about `byteCount` bytes of them, at least one if there is any.
    mutating func take(byteCount wanted: Int) -> [[UInt8]] {
        var taken: [[UInt8]] = []
        var sum = 0
        while sum < wanted, let message = popFirst() {
            taken.append(message)
            sum += message.count
        }
        return taken
    }

    /// Drops everything; returns how many that were.
    mutating func clear() -> Int {
        defer { self = PeerOutbox(countLimit: countLimit, byteLimit: byteLimit) }
        return count
    }

    private mutating func popFirst() -> [UInt8]? {
        guard start < messages.count else { return nil }
        let message = messages[start]
        messages[start] = []
        start += 1
        byteCount -= message.count
        // Amortised: the emptied front never grows beyond what is still waiting.
        if start * 2 >= messages.count {
            messages.removeFirst(start)
            start = 0
        }
        return message
    }
}
