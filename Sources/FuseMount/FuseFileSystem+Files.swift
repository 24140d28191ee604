// SPDX-License-Identifier: Apache-2.0
import CFuse3
import ClientRuntime
import Glibc
import NIOCore
import Primitives
import Synchronization

/// Open files. A handle holds hints only: which bytes are meant follows from the node, so that a
/// restarted process could go on serving a file that is open.
extension FuseFileSystem {
    func open(_ request: FuseRequest, id: UInt64, info: fuse_file_info) {
        guard let node = node(id) else { return _ = request.fail(ESTALE) }
        guard node.attributes.kind == .file else { return _ = request.fail(EISDIR) }
        // The kernel then looks the name up anew, past the time it may be believed, and opens what it
        // finds: the caller sees none of this (fs/namei.c, LOOKUP_REVAL).
        guard !nodes.withLock({ $0.isGone(id) }) else { return _ = request.fail(ESTALE) }
        guard info.flags & O_ACCMODE == O_RDONLY, info.flags & O_TRUNC == 0 else {
            return _ = request.fail(EROFS)
        }
        var info = info
        let handle = files.open(ReadPattern())
        info.fh = handle
        info.keep_cache = 1  // A node is one version: cached pages stay true.
        info.noflush = 1
        let delivery = unsafe request.reply { unsafe fuse_reply_open($0, &info) }
        if delivery == .discarded { files.close(handle) }
    }

    func read(_ request: FuseRequest, id: UInt64, handle: UInt64, offset: UInt64, count: Int) {
        guard let node = node(id) else { return _ = request.fail(ESTALE) }
        let file = node.reference
        guard offset < file.size, count > 0 else {
            return _ = unsafe request.reply(bytes: UnsafeRawBufferPointer(start: nil, count: 0))
        }
        let range = offset..<offset + min(UInt64(count), file.size - offset)
        let readAhead = files.update(handle) { $0.readAhead(for: range, size: file.size) } ?? 0

        answerLater(request, about: file.path) { () async throws(FileError) in
            let context = ReadContext(client: .fuse, readAhead: readAhead)
            let bytes: ByteBuffer
            do throws(FileError) {
                bytes = try await self.client.read(file, range: range, context: context)
            } catch .stale {
                self.nodes.withLock { $0.markGone(id) }
                throw .stale
            }
            guard bytes.readableBytes == range.count else {
                throw FileError.originFailed(
                    "\(bytes.readableBytes) bytes came for \(range.count)"
                )
            }
            unsafe bytes.withUnsafeReadableBytes { _ = unsafe request.reply(bytes: $0) }
        }
    }

    func release(_ request: FuseRequest, handle: UInt64) {
        files.close(handle)
        request.succeed()
    }
}
