// SPDX-License-Identifier: Apache-2.0

/// One page of a list: `{"items":[…],"next":null}`.
package struct Page<Item: Codable & Sendable>: Codable, Sendable {
    /// At most as many as `limit` asked for.
    package var items: [Item]
    /// Pass it as `after` for the next page; `nil`: this was the last.
    @Nullable package var next: String?

    package init(items: [Item], next: String?) {
        self.items = items
        self.next = next
    }
}

extension Page: Equatable where Item: Equatable {}
