// SPDX-License-Identifier: Apache-2.0
import Coordination
import Synchronization

/// The state of the cluster that a request was decided by.
///
/// An error leaves the handler without it, and by then the replica may have moved on: "not found" with
/// the revision that made what was not found would be a lie, and whoever watches from there on would
/// never hear of it.
final class SeenState: Sendable {
    private let state = Mutex<CatalogView?>(nil)

    /// The view taken last; `nil` where none was.
    var view: CatalogView? { state.withLock { $0 } }

    /// Notes that the request is decided by this view.
    func note(_ view: CatalogView) -> CatalogView {
        state.withLock { $0 = view }
        return view
    }
}
