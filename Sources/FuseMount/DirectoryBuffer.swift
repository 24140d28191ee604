// SPDX-License-Identifier: Apache-2.0
import CFuse3
import Glibc
import Primitives

/// The answer to one `readdir`, filled entry by entry until the kernel's buffer is full.
///
/// Safe because:
/// 1. `fuse_add_direntry` and `…_plus` write only if what they need fits the size they are given,
///    and that is what is left of `storage`.
/// 2. The request is not answered before ``reply()``, and not used after it: the buffer lives
///    inside one `FuseRequest.reply` call.
@safe
struct DirectoryBuffer {
    /// The kernel asks for less; a larger number is not believed.
    static let longest = 1 << 20

    private let request: fuse_req_t
    private var storage: [CChar]
    private var used = 0

    init(request: fuse_req_t, capacity: Int) {
        unsafe self.request = unsafe request
        storage = [CChar](repeating: 0, count: min(max(capacity, 0), Self.longest))
    }

    /// Appends a name; `false` if it does not fit.
    mutating func add(_ name: ByteString, _ stat: Glibc.stat, next: Int) -> Bool {
        var stat = stat
        let request = unsafe self.request
        return unsafe append(name) { start, left, name in
            unsafe fuse_add_direntry(request, start, left, name, &stat, off_t(next))
        }
    }

    /// Appends a name with attributes; `false` if it does not fit.
    mutating func add(_ name: ByteString, _ entry: fuse_entry_param, next: Int) -> Bool {
        var entry = entry
        let request = unsafe self.request
        return unsafe append(name) { start, left, name in
            unsafe fuse_add_direntry_plus(request, start, left, name, &entry, off_t(next))
        }
    }

    /// Whether `add(_:_:next:)` with attributes will fit: asked before a lookup is counted.
    func hasRoomWithAttributes(_ name: ByteString) -> Bool {
        let needed = unsafe Self.withCString(name) { name in
            unsafe fuse_add_direntry_plus(request, nil, 0, name, nil, 0)
        }
        return needed <= storage.count - used
    }

    /// Sends what was added; nothing means the end of the directory.
    func reply() -> CInt {
        unsafe storage.withUnsafeBufferPointer {
            unsafe fuse_reply_buf(request, $0.baseAddress, used)
        }
    }

    private mutating func append(
        _ name: ByteString,
        _ write: (UnsafeMutablePointer<CChar>?, Int, UnsafePointer<CChar>) -> Int
    ) -> Bool {
        let left = storage.count - used
        let offset = used
        let needed = unsafe storage.withUnsafeMutableBufferPointer { buffer in
            unsafe Self.withCString(name) { name in
                unsafe write(buffer.baseAddress.map { unsafe $0 + offset }, left, name)
            }
        }
        guard needed <= left else { return false }
        used += needed
        return true
    }

    /// `name` holds no NUL: `TreePath.isVisible` let it through.
    private static func withCString<Result>(
        _ name: ByteString,
        _ body: (UnsafePointer<CChar>) -> Result
    ) -> Result {
        let terminated = name.bytes.map(CChar.init(bitPattern:)) + [0]
        return unsafe terminated.withUnsafeBufferPointer { buffer in
            guard let start = buffer.baseAddress else {
                preconditionFailure("an array of at least one element has no address")
            }
            return unsafe body(start)
        }
    }
}
