// SPDX-License-Identifier: Apache-2.0
import Foundation
import SystemPackage
import TestKit

/// Files of one test, removed with it.
struct ScratchFiles: Sendable {
    private let directory: ScratchDirectory

    init() throws { directory = try ScratchDirectory() }

    var path: String { directory.path.string }

    func write(_ name: String, _ bytes: [UInt8]) throws {
        let url = URL(filePath: path).appending(path: name)
        try FileManager.default.createDirectory(
            at: url.deletingLastPathComponent(),
            withIntermediateDirectories: true
        )
        try Data(bytes).write(to: url)
    }
}
