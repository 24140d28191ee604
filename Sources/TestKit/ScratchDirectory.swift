// SPDX-License-Identifier: Apache-2.0
import Foundation
import SystemIO
package import SystemPackage

/// A directory of one test's own, removed with all it holds when the last reference goes.
package final class ScratchDirectory: Sendable {
    package let path: FilePath

    /// Makes an empty directory under `TMPDIR`, or `/tmp`.
    package init() throws {
        let root = ProcessInfo.processInfo.environment["TMPDIR"] ?? "/tmp"
        let name = "tarn-\(String(try SystemEntropy.seed(), radix: 36))"
        path = FilePath(root).appending(name)
        try Directory.create(path)
    }

    deinit { try? FileManager.default.removeItem(atPath: path.string) }

    /// A path inside.
    package func path(_ name: String) -> FilePath { path.appending(name) }
}
