// SPDX-License-Identifier: Apache-2.0
import Dispatch
import Synchronization

/// A bounded queue from many threads to the one thread that owns a core.
///
/// The owner takes everything at once: that is what makes one disk write serve many requests.
package final class Mailbox<Element: Sendable>: Sendable {
    private struct State {
        var elements: [Element] = []
        var byteCount = 0
        var isClosed = false
    }

    private let state = Mutex(State())
    private let wakeUp = DispatchSemaphore(value: 0)
    private let limit: Int
    private let byteLimit: Int
    private let weight: @Sendable (Element) -> Int

    /// - Parameters:
    ///   - limit: Elements that wait at most.
    ///   - byteLimit: Bytes that they weigh together at most, unless it is a single one.
    ///   - weight: Of one element, in bytes.
    package init(
        limit: Int,
        byteLimit: Int = .max,
        weight: @escaping @Sendable (Element) -> Int = { _ in 0 }
    ) {
        self.limit = limit
        self.byteLimit = byteLimit
        self.weight = weight
    }

    /// Appends, unless the mailbox is full or closed; returns whether it did.
    @discardableResult
    package func offer(_ element: Element) -> Bool {
        append(element, upTo: limit, byteLimit: byteLimit)
    }

    /// Appends even when full: for what the owner itself caused and must hear of.
    package func deliver(_ element: Element) {
        _ = append(element, upTo: .max, byteLimit: .max)
    }

    /// Waits until there is something or `milliseconds` have passed, then takes all there is.
    package func takeAll(waitingAtMostMS milliseconds: Int) -> [Element] {
        _ = wakeUp.wait(timeout: .now() + .milliseconds(milliseconds))
        return state.withLock { state in
            defer {
                state.elements = []
                state.byteCount = 0
            }
            return state.elements
        }
    }

    package func close() {
        state.withLock { $0.isClosed = true }
        wakeUp.signal()
    }

    package var isClosed: Bool { state.withLock { $0.isClosed } }

    private func append(_ element: Element, upTo limit: Int, byteLimit: Int) -> Bool {
        let byteCount = weight(element)
        let (isTaken, wasEmpty) = state.withLock { state in
            let fits =
                state.elements.isEmpty || byteCount == 0
                || state.byteCount <= byteLimit - byteCount
            guard !state.isClosed, state.elements.count < limit, fits else { return (false, false) }
            state.elements.append(element)
            state.byteCount += byteCount
            return (true, state.elements.count == 1)
        }
        if wasEmpty { wakeUp.signal() }
        return isTaken
    }
}
