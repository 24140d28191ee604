// SPDX-License-Identifier: Apache-2.0
import Foundation
import Glibc
import NIOCore
import PageStorage
import PlacementCore
import Primitives
import SystemPackage

let megabyte = Int(PageGeometry.pageByteCount)
let testCluster = ClusterID(UniqueID(high: 0x0102_0304_0506_4708, low: 0x8902_0304_0506_0708))

/// A directory of one test, removed with all it holds when the test ends.
final class Scratch: Sendable {
    let url: URL

    init() throws {
        url = FileManager.default.temporaryDirectory
            .appending(path: "page-store-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: url) }

    var path: FilePath { FilePath(url.path) }

    func disk(_ name: String = "disk", mebibytes: UInt64) -> PageDiskConfiguration {
        PageDiskConfiguration(
            directory: path.appending(name),
            capacity: .mebibytes(mebibytes),
            openFileLimit: 4
        )
    }

    func open(_ name: String = "disk", mebibytes: UInt64 = 64) throws -> PageStore {
        try PageStore.open(disks: [disk(name, mebibytes: mebibytes)], cluster: testCluster)
    }

    /// Files below the directory that end with `suffix`, in the order of their names.
    func files(_ suffix: String, below name: String = "disk") throws -> [URL] {
        let base = url.appending(path: name)
        return try FileManager.default.subpathsOfDirectory(atPath: base.path)
            .filter { $0.hasSuffix(suffix) }.sorted().map { base.appending(path: $0) }
    }

    /// Bytes of all blocks below a disk's directory, as `du` counts them.
    func allocated(below name: String = "disk") throws -> UInt64 {
        let base = url.appending(path: name)
        let paths =
            try FileManager.default.subpathsOfDirectory(atPath: base.path)
            .map { base.appending(path: $0) } + [base]
        // Not Foundation's `totalFileAllocatedSize`: on Linux it is eight times too much.
        return paths.reduce(0) { total, path in
            var status = stat()
            guard unsafe lstat(path.path, &status) == 0 else { return total }
            return total + UInt64(status.st_blocks) * 512
        }
    }
}

func object(_ key: String, byteCount: Int, version: String = "v1") -> ObjectIdentity {
    ObjectIdentity(
        origin: OriginID(1),
        key: ByteString(key),
        version: ByteString(version),
        byteCount: UInt64(byteCount)
    )
}

/// A page whose every byte depends on the object and the page.
func content(of object: ObjectIdentity, page: UInt32) -> [UInt8] {
    let byteCount = object.geometry?.byteCount(ofPage: page) ?? 0
    var name = ByteWriter()
    name.write(object.key)
    name.write(object.version)
    name.write(page)
    return distinctBlocks(seed: XXH64.hash(name.bytes), byteCount: byteCount)
}

/// Blocks of 4 KiB, each with its number in front: cheap also without optimisation, and no range of
/// bytes passes for another.
func distinctBlocks(seed: UInt64, byteCount: Int) -> [UInt8] {
    var random = SplitMix64(seed: seed)
    var block = (0..<4096).map { _ in UInt8(truncatingIfNeeded: random.next()) }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(byteCount + block.count)
    for number in 0..<(byteCount / block.count + 1) {
        block[0] = UInt8(truncatingIfNeeded: number)
        block[1] = UInt8(truncatingIfNeeded: number >> 8)
        bytes += block
    }
    bytes.removeLast(bytes.count - byteCount)
    return bytes
}

extension PageStore {
    func put(_ object: ObjectIdentity, page: UInt32) throws {
        let bytes = content(of: object, page: page)
        try write(
            object,
            page: page,
            bytes: ByteBuffer(bytes: bytes),
            checksum: CRC32C.checksum(bytes)
        )
    }

    /// Whether the page is there; every byte and the checksum are compared.
    func holds(_ object: ObjectIdentity, page: UInt32) throws -> Bool {
        guard let stored = try read(object, page: page) else { return false }
        let expected = content(of: object, page: page)
        guard Array(stored.bytes.readableBytesView) == expected,
            stored.checksum == CRC32C.checksum(expected)
        else { throw WrongBytes(object: object, page: page) }
        return true
    }
}

/// The one thing that must never happen.
struct WrongBytes: Error {
    let object: ObjectIdentity
    let page: UInt32
}
