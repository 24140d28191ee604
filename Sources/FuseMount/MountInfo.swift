// SPDX-License-Identifier: Apache-2.0
import Glibc
package import Primitives

/// One line of `/proc/self/mountinfo`, as far as it matters here.
///
/// - Source: proc_pid_mountinfo(5).
package struct MountInfo: Hashable, Sendable {
    /// Device number as the kernel writes it, `0:52`.
    package let device: String
    /// Where it is mounted, escapes resolved.
    package let directory: ByteString
    /// Type with subtype, `fuse.tarn`.
    package let type: String
    /// The device shown; Tarn writes its cluster and path there.
    package let source: String

    /// Whether this program made the mount.
    package var isTarn: Bool { type == "fuse.tarn" }

    /// Reads one line; `nil` for what has not the form of one.
    package init?(line: ByteString) {
        let words = line.bytes.split(separator: UInt8(ascii: " ")).map { ByteString($0) }
        guard words.count >= 9, let dash = words[6...].firstIndex(of: "-"),
            words.count > dash + 2
        else { return nil }
        device = words[2].text
        directory = Self.unescaped(words[4])
        type = words[dash + 1].text
        source = Self.unescaped(words[dash + 2]).text
    }

    /// Every mount this process sees, the ones made last at the end.
    package static func all() throws(FuseMountError) -> [MountInfo] {
        let bytes = try SmallFile.read("/proc/self/mountinfo", limit: 64 << 20)
        return bytes.split(separator: UInt8(ascii: "\n")).compactMap {
            MountInfo(line: ByteString($0))
        }
    }

    /// The kernel writes space, tab, newline and backslash as `\ooo`.
    private static func unescaped(_ word: ByteString) -> ByteString {
        var result: [UInt8] = []
        var rest = word.bytes[...]
        while let byte = rest.first {
            let digits = rest.dropFirst().prefix(3)
            if byte == UInt8(ascii: "\\"), digits.count == 3,
                let code = UInt8(String(decoding: digits, as: UTF8.self), radix: 8)
            {
                result.append(code)
                rest = rest.dropFirst(4)
            } else {
                result.append(byte)
                rest = rest.dropFirst()
            }
        }
        return ByteString(result)
    }
}
