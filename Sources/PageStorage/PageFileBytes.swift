// SPDX-License-Identifier: Apache-2.0
import NIOCore
import SystemPackage

/// Reads exactly `byteCount` bytes at `offset`; `nil` where the file ends before.
func readBuffer(
    _ file: Descriptor,
    _ path: FilePath,
    at offset: UInt64,
    byteCount: Int
) throws(PageStoreError) -> ByteBuffer? {
    var buffer = ByteBufferAllocator().buffer(capacity: byteCount)
    while buffer.readableBytes < byteCount {
        let position = Int64(offset) + Int64(buffer.readableBytes)
        let wanted = byteCount - buffer.readableBytes
        let count = try attempt("pread", path) {
            // Safe because the slice lies within the buffer's writable bytes, and what the kernel
            // did not fill is not counted as written.
            try unsafe buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: wanted) { space in
                try unsafe file.read(
                    fromAbsoluteOffset: position,
                    into: UnsafeMutableRawBufferPointer(rebasing: space[..<wanted])
                )
            }
        }
        guard count > 0 else { return nil }
    }
    return buffer
}

/// Reads up to `byteCount` bytes at `offset`, fewer only at the end of the file.
func readBytes(
    _ file: Descriptor,
    _ path: FilePath,
    at offset: UInt64,
    upTo byteCount: Int
) throws(PageStoreError) -> [UInt8] {
    try attempt("pread", path) {
        try unsafe [UInt8](unsafeUninitializedCapacity: byteCount) { space, filled in
            while filled < byteCount {
                // Safe because the slice lies within the capacity asked for, and only bytes that
                // the kernel filled are counted.
                let count = try unsafe file.read(
                    fromAbsoluteOffset: Int64(offset) + Int64(filled),
                    into: UnsafeMutableRawBufferPointer(
                        rebasing: UnsafeMutableRawBufferPointer(space)[filled...]
                    )
                )
                guard count > 0 else { return }
                filled += count
            }
        }
    }
}

/// Writes all bytes at `offset`.
func writeBuffer(
    _ bytes: ByteBuffer,
    to file: Descriptor,
    _ path: FilePath,
    at offset: UInt64
) throws(PageStoreError) {
    _ = try attempt("pwrite", path) {
        // Safe because the kernel only reads within the buffer and keeps nothing.
        try unsafe bytes.withUnsafeReadableBytes { readable in
            try unsafe file.writeAll(toAbsoluteOffset: Int64(offset), readable)
        }
    }
}

/// Writes all bytes at `offset`.
func writeBytes(
    _ bytes: [UInt8],
    to file: Descriptor,
    _ path: FilePath,
    at offset: UInt64
) throws(PageStoreError) {
    _ = try attempt("pwrite", path) { try file.writeAll(toAbsoluteOffset: Int64(offset), bytes) }
}

/// Opens a file, closed again in children of this process.
func openDescriptor(
    _ path: FilePath,
    _ mode: Descriptor.AccessMode,
    options: Descriptor.OpenOptions = []
) throws(PageStoreError) -> Descriptor {
    try attempt("open", path) {
        try Descriptor.open(
            path,
            mode,
            options: options.union(.closeOnExec),
            permissions: [.ownerReadWrite]
        )
    }
}
