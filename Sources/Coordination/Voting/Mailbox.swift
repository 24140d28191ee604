// SPDX-License-Identifier: Apache-2.0
import Dispatch
import Synchronization

/// A bounded queue from many threads to the one thread that owns a core.
///
/// The owner takes everything at once: that is what makes one disk write serve many requests.
package final class Mailbox<Element: Sendable>: Sendable {
    private struct State {
        var elements: [Element] = []
        var isClosed = false
    }

    private let state = Mutex(State())
    private let wakeUp = DispatchSemaphore(value: 0)
    private let limit: Int

    package init(limit: Int) { self.limit = limit }

    /// Appends, unless the mailbox is full or closed; returns whether it did.
    @discardableResult
    package func offer(_ element: Element) -> Bool {
        append(element, upTo: limit)
    }

    /// Appends even when full: for what the owner itself caused and must hear of.
    package func deliver(_ element: Element) {
        _ = append(element, upTo: .max)
    }

    /// Waits until there is something or `milliseconds` have passed, then takes all there is.
    package func takeAll(waitingAtMostMS milliseconds: Int) -> [Element] {
        _ = wakeUp.wait(timeout: .now() + .milliseconds(milliseconds))
        return state.withLock { state in
            defer { state.elements = [] }
            return state.elements
        }
    }

    package func close() {
        state.withLock { $0.isClosed = true }
        wakeUp.signal()
    }

    package var isClosed: Bool { state.withLock { $0.isClosed } }

    private func append(_ element: Element, upTo limit: Int) -> Bool {
        let (isTaken, wasEmpty) = state.withLock { state in
            guard !state.isClosed, state.elements.count < limit else { return (false, false) }
            state.elements.append(element)
            return (true, state.elements.count == 1)
        }
        if wasEmpty { wakeUp.signal() }
        return isTaken
    }
}
