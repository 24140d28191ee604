// SPDX-License-Identifier: Apache-2.0
import CFuse3
import ClientRuntime
import Glibc
import Primitives

/// How nodes look to `stat(2)`, and for how long the kernel may believe it.
struct NodePresentation: Sendable {
    /// What `st_blksize` advises: programs such as `cat` then ask in requests of 1 MiB.
    static let preferredIOBytes = 1 << 20
    /// The longest the kernel keeps a name, immutable ones included: a removed mount must go away.
    static let longestEntrySeconds = 3600.0
    /// A node is one version of a file, so its attributes are true for as long as it is known.
    static let fileAttributeSeconds = 86_400.0
    /// How long a name that does not exist is believed not to.
    static let negativeEntrySeconds = 1.0

    let uid: UInt32
    let gid: UInt32
    let fileMode: UInt32
    let directoryMode: UInt32

    func stat(of node: Node) -> Glibc.stat {
        stat(path: node.path, attributes: node.attributes)
    }

    func stat(path: ByteString, attributes: FileAttributes) -> Glibc.stat {
        var stat = Glibc.stat()
        stat.st_ino = UInt(TreePath.inode(of: path))
        stat.st_mode = mode(of: attributes.kind)
        stat.st_nlink = 1  // For directories: "unknown", which `find` takes literally.
        stat.st_uid = uid
        stat.st_gid = gid
        stat.st_size = Int(clamping: attributes.size)
        stat.st_blocks = Int(clamping: attributes.size / 512 + (attributes.size % 512 == 0 ? 0 : 1))
        stat.st_blksize = Self.preferredIOBytes
        stat.st_mtim = Self.time(unixNS: attributes.modifiedUnixNS)
        stat.st_atim = stat.st_mtim
        stat.st_ctim = stat.st_mtim
        return stat
    }

    func mode(of kind: FileAttributes.Kind) -> UInt32 {
        switch kind {
        case .file: S_IFREG | fileMode
        case .directory: S_IFDIR | directoryMode
        }
    }

    /// How long the name may stand for the node, in seconds.
    static func entrySeconds(_ attributes: FileAttributes) -> Double {
        guard let validFor = attributes.validFor else { return longestEntrySeconds }
        return min(Double(validFor.milliseconds) / 1000, longestEntrySeconds)
    }

    /// How long the node may be shown with these attributes, in seconds.
    static func attributeSeconds(_ attributes: FileAttributes) -> Double {
        switch attributes.kind {
        case .file: fileAttributeSeconds
        case .directory: entrySeconds(attributes)
        }
    }

    private static func time(unixNS: Int64) -> timespec {
        let (seconds, nanoseconds) = unixNS.quotientAndRemainder(dividingBy: 1_000_000_000)
        return nanoseconds >= 0
            ? timespec(tv_sec: Int(seconds), tv_nsec: Int(nanoseconds))
            : timespec(tv_sec: Int(seconds) - 1, tv_nsec: Int(nanoseconds) + 1_000_000_000)
    }
}
