// SPDX-License-Identifier: Apache-2.0
import ClientRuntime
import Primitives
import Synchronization

/// One open directory: its pages, and how to get the next one.
final class DirectoryStream: Sendable {
    let path: ByteString
    private let pages = Mutex(DirectoryPages())

    init(path: ByteString) { self.path = path }

    /// What can be said at once about the entries from `index` on.
    func lookup(from index: Int) -> DirectoryPages.Lookup {
        pages.withLock { $0.lookup(from: index) }
    }

    func rewind() {
        pages.withLock { $0.rewind() }
    }

    /// The entries from `index` on, listed as far as needed; empty at the end.
    ///
    /// Pages without a single visible entry are passed over, one list call each.
    func entries(
        from index: Int,
        client: any FileSystemClient
    ) async throws(FileError) -> (entries: ArraySlice<DirectoryEntry>, firstIndex: Int) {
        while true {
            switch lookup(from: index) {
            case .entries(let entries, let firstIndex): return (entries, firstIndex)
            case .end: return ([], index)
            case .missing(let request):
                let page = try await client.list(
                    path,
                    after: request.after,
                    limit: DirectoryPages.pageEntries
                )
                pages.withLock { $0.insert(page, for: request) }
                if Task.isCancelled { return ([], index) }  // Interrupted: answered already.
            }
        }
    }
}
