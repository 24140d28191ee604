// SPDX-License-Identifier: Apache-2.0
import CFuse3
import ClientRuntime
import Glibc
import Primitives
import Synchronization

/// Whether a directory is read with or without the attributes of its entries.
enum DirectoryReadKind {
    case names
    case withAttributes
}

/// Open directories.
///
/// Positions handed to the kernel: 1 behind `.`, 2 behind `..`, `i + 3` behind entry number `i`.
extension FuseFileSystem {
    func opendir(_ request: FuseRequest, id: UInt64, info: fuse_file_info) {
        guard let node = node(id) else { return _ = request.fail(ESTALE) }
        guard node.attributes.kind == .directory else { return _ = request.fail(ENOTDIR) }
        var info = info
        let handle = directories.open(DirectoryStream(path: node.path))
        info.fh = handle
        let delivery = unsafe request.reply { unsafe fuse_reply_open($0, &info) }
        if delivery == .discarded { directories.close(handle) }
    }

    func readdir(
        _ request: FuseRequest,
        handle: UInt64,
        position: Int,
        size: Int,
        kind: DirectoryReadKind
    ) {
        guard let stream = directories.value(handle) else { return _ = request.fail(EBADF) }
        if position == 0 { stream.rewind() }
        let index = max(0, position - 2)

        switch stream.lookup(from: index) {
        case .entries(let entries, let firstIndex):
            let part = DirectoryPart(stream.path, position, entries, firstIndex)
            reply(request, part, size: size, kind: kind)
        case .end:
            reply(request, DirectoryPart(stream.path, position, [], index), size: size, kind: kind)
        case .missing:
            answerLater(request, about: stream.path) { () async throws(FileError) in
                let (entries, first) = try await stream.entries(from: index, client: self.client)
                let part = DirectoryPart(stream.path, position, entries, first)
                self.reply(request, part, size: size, kind: kind)
            }
        }
    }

    func releasedir(_ request: FuseRequest, handle: UInt64) {
        directories.close(handle)
        request.succeed()
    }

    // MARK: - Replies

    private func reply(
        _ request: FuseRequest,
        _ part: DirectoryPart,
        size: Int,
        kind: DirectoryReadKind
    ) {
        var remembered: [UInt64] = []
        let delivery = unsafe request.reply { pointer in
            var buffer = unsafe DirectoryBuffer(request: pointer, capacity: size)
            fill(&buffer, part, kind: kind, remembered: &remembered)
            return buffer.reply()
        }
        guard delivery == .discarded else { return }
        for id in remembered { forget(id, count: 1) }
    }

    private func fill(
        _ buffer: inout DirectoryBuffer,
        _ part: DirectoryPart,
        kind: DirectoryReadKind,
        remembered: inout [UInt64]
    ) {
        for dot in part.dots {
            var stat = Glibc.stat()
            stat.st_ino = UInt(TreePath.inode(of: dot.path))
            stat.st_mode = presentation.mode(of: .directory)
            switch kind {
            case .names:
                guard buffer.add(dot.name, stat, next: dot.next) else { return }
            case .withAttributes:
                // Node id 0: "no attributes given", and no lookup counted.
                var entry = fuse_entry_param()
                entry.attr = stat
                guard buffer.add(dot.name, entry, next: dot.next) else { return }
            }
        }
        for (number, entry) in zip(part.firstIndex..., part.entries) {
            let path = TreePath.child(of: part.path, name: entry.name)
            switch kind {
            case .names:
                var stat = Glibc.stat()
                stat.st_ino = UInt(TreePath.inode(of: path))
                stat.st_mode = presentation.mode(of: entry.attributes.kind)
                guard buffer.add(entry.name, stat, next: number + 3) else { return }
            case .withAttributes:
                guard buffer.hasRoomWithAttributes(entry.name) else { return }
                let node = nodes.withLock {
                    $0.remember(path: path, attributes: entry.attributes)
                }
                remembered.append(node.id)
                let parameters = self.entry(for: node)
                _ = buffer.add(entry.name, parameters, next: number + 3)
            }
        }
    }
}

/// What one `readdir` may answer: the dots that are still due, then entries.
private struct DirectoryPart {
    let path: ByteString
    let dots: [(name: ByteString, path: ByteString, next: Int)]
    let entries: ArraySlice<DirectoryEntry>
    let firstIndex: Int

    init(
        _ path: ByteString,
        _ position: Int,
        _ entries: ArraySlice<DirectoryEntry>,
        _ firstIndex: Int
    ) {
        self.path = path
        self.entries = entries
        self.firstIndex = firstIndex
        let both: [(name: ByteString, path: ByteString, next: Int)] = [
            (".", path, 1), ("..", TreePath.parent(of: path), 2),
        ]
        dots = Array(both.dropFirst(min(position, 2)))
    }
}
