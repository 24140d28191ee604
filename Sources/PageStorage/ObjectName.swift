// SPDX-License-Identifier: Apache-2.0
package import PlacementCore
import Primitives
import SystemPackage

/// Where an object's two files lie below a cache directory.
///
///     objects/3f/3f09c1….bytes     the object's bytes at the object's own offsets, holes elsewhere
///     objects/3f/3f09c1….pages     which pages are there: the sidecar
///
/// The name is XXH64 with seed 0 and seed 1 of (u64 origin ‖ u64 object bytes ‖ u32 n ‖ key ‖ u32 n
/// ‖ version) in hexadecimal. Whoever opens a file compares the whole identity in the sidecar.
package struct ObjectName: Hashable, Sendable {
    static let bytesExtension = "bytes"
    static let sidecarExtension = "pages"
    static let shardCount = 256

    /// 32 lower-case hexadecimal digits.
    package let stem: String

    package init(_ object: ObjectIdentity) {
        var writer = ByteWriter()
        writer.write(object.origin.rawValue)
        writer.write(object.byteCount)
        writer.write(object.key)
        writer.write(object.version)
        stem = hexText(XXH64.hash(writer.bytes)) + hexText(XXH64.hash(writer.bytes, seed: 1))
    }

    /// Which of the 256 directories: the first two digits, as a number.
    var shard: Int { Int(stem.prefix(2), radix: 16) ?? 0 }

    func bytesPath(below objects: FilePath) -> FilePath {
        Self.shardPath(shard, below: objects).appending("\(stem).\(Self.bytesExtension)")
    }

    func sidecarPath(below objects: FilePath) -> FilePath {
        Self.shardPath(shard, below: objects).appending("\(stem).\(Self.sidecarExtension)")
    }

    static func shardPath(_ shard: Int, below objects: FilePath) -> FilePath {
        objects.appending(hexText([UInt8(shard)]))
    }

    /// Reads the name of one of the 256 directories; `nil` for one that the store never makes.
    static func parseShard(_ directoryName: String) -> Int? {
        guard let shard = Int(directoryName, radix: 16), (0..<shardCount).contains(shard),
            hexText([UInt8(shard)]) == directoryName
        else { return nil }
        return shard
    }

    /// Reads a file name; `nil` for one that the store never makes.
    static func parse(_ fileName: String) -> (stem: String, isSidecar: Bool)? {
        let parts = fileName.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2, parts[0].utf8.count == 32,
            parts[0].utf8.allSatisfy({ hexDigit($0) != nil }), parts[0] == parts[0].lowercased(),
            [bytesExtension, sidecarExtension].contains(String(parts[1]))
        else { return nil }
        return (String(parts[0]), parts[1] == sidecarExtension)
    }
}
