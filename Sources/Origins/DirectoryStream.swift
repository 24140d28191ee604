// SPDX-License-Identifier: Apache-2.0
import Glibc
import Primitives

/// The names in a directory, in no order; `.` and `..` left out.
///
/// The corresponding C functions are `fdopendir`, `readdir` and `closedir`.
@safe struct DirectoryStream: ~Copyable {
    private let stream: OpaquePointer

    init(_ directory: borrowing DirectoryFile) throws(OriginError) {
        let copy = dup(directory.descriptor)  // The stream closes its descriptor.
        guard copy >= 0 else { throw .fileSystem(errno) }
        guard let stream = unsafe fdopendir(copy) else {
            let cause = errno
            close(copy)
            throw .fileSystem(cause)
        }
        unsafe self.stream = stream
    }

    deinit { unsafe closedir(stream) }

    /// A name and its `d_type`; `nil` at the end.
    mutating func next() throws(OriginError) -> (name: ByteString, type: UInt8)? {
        while true {
            errno = 0
            guard let entry = unsafe readdir(stream) else {
                guard errno == 0 else { throw .fileSystem(errno) }
                return nil
            }
            // Safe because:
            // 1. readdir(3): `d_name` ends with a zero, and the entry is valid until the next call.
            // 2. The pointer is the entry's own address, not that of a copy of the struct: on some
            //    file systems a name is longer than the declared array.
            let name = unsafe Self.bytes(at: UnsafeRawPointer(entry) + Self.nameOffset)
            if name != ".", name != ".." { return (name, unsafe entry.pointee.d_type) }
        }
    }

    /// readdir(3), Linux on 64 bits: behind inode, offset, length and type.
    private static let nameOffset = MemoryLayout<dirent>.offset(of: \.d_name) ?? 19

    private static func bytes(at pointer: UnsafeRawPointer) -> ByteString {
        // Safe because: the caller vouches for the zero.
        let count = unsafe strlen(pointer.assumingMemoryBound(to: CChar.self))
        return unsafe ByteString(UnsafeRawBufferPointer(start: pointer, count: count))
    }
}
