// SPDX-License-Identifier: Apache-2.0
import CFuse3
import ClientRuntime
import Glibc
import Primitives
import Synchronization

/// Names and attributes.
extension FuseFileSystem {
    func lookup(_ request: FuseRequest, parent: UInt64, name: ByteString) {
        guard let directory = node(parent) else { return _ = request.fail(ESTALE) }
        guard name.count <= TreePath.longestName else { return _ = request.fail(ENAMETOOLONG) }
        let path = TreePath.child(of: directory.path, name: name)

        answerLater(request, about: path) { () async throws(FileError) in
            do throws(FileError) {
                let attributes = try await self.client.attributes(of: path, view: .posix)
                self.reply(request, path: path, attributes: attributes)
            } catch .notFound {
                Self.replyNoEntry(request)
            }
        }
    }

    /// A file's node is one version and never changes; only a directory has to be asked again.
    func getattr(_ request: FuseRequest, id: UInt64) {
        guard let node = node(id) else { return _ = request.fail(ESTALE) }
        guard node.attributes.kind == .directory else {
            let seconds = NodePresentation.attributeSeconds(node.attributes)
            return _ = request.reply(attributes: presentation.stat(of: node), seconds: seconds)
        }
        answerLater(request, about: node.path) { () async throws(FileError) in
            let fresh = try await self.client.attributes(of: node.path, view: .posix)
            // The path became a file: the directory that this node stands for is gone.
            guard fresh.kind == .directory else { throw FileError.stale }
            request.reply(
                attributes: self.presentation.stat(path: node.path, attributes: fresh),
                seconds: NodePresentation.attributeSeconds(fresh)
            )
        }
    }

    func forget(_ id: UInt64, count: UInt64) {
        nodes.withLock { $0.forget(id, count: count) }
    }

    func statfs(_ request: FuseRequest) {
        if let recent = statistics.recent() { return _ = request.reply(statistics: recent) }
        requests.start(request) {
            // Whoever replies first is heard; ended below, or by its own second.
            let impatience = Task {
                try await Task.sleep(for: CapacityCache.patience)
                request.reply(statistics: self.statistics.last)
            }
            request.reply(statistics: await self.statistics.refresh())
            impatience.cancel()
        }
    }

    // MARK: - Replies

    /// Counts the lookup only together with the answer that tells the kernel of it.
    private func reply(_ request: FuseRequest, path: ByteString, attributes: FileAttributes) {
        var id = NodeTable.rootID
        let delivery = unsafe request.reply { pointer in
            let node = nodes.withLock { $0.remember(path: path, attributes: attributes) }
            id = node.id
            var entry = entry(for: node)
            return unsafe fuse_reply_entry(pointer, &entry)
        }
        if delivery == .discarded { forget(id, count: 1) }
    }

    private static func replyNoEntry(_ request: FuseRequest) {
        var entry = fuse_entry_param()
        entry.entry_timeout = NodePresentation.negativeEntrySeconds
        unsafe request.reply { unsafe fuse_reply_entry($0, &entry) }
    }

    func entry(for node: Node) -> fuse_entry_param {
        var entry = fuse_entry_param()
        entry.ino = node.id
        entry.attr = presentation.stat(of: node)
        entry.attr_timeout = NodePresentation.attributeSeconds(node.attributes)
        entry.entry_timeout = NodePresentation.entrySeconds(node.attributes)
        return entry
    }
}
