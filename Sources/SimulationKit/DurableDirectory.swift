// SPDX-License-Identifier: Apache-2.0
import LogStorage
import SystemPackage

/// What a loss of power would leave of a ``CrashDirectory`` at worst, to be read in place.
///
/// As ``CrashDirectory/durableImage``, without the copy; it follows the directory. Nothing can be
/// changed through it.
struct DurableDirectory: LogDirectory {
    private let directory: CrashDirectory

    init(_ directory: CrashDirectory) { self.directory = directory }

    func names() throws(Errno) -> [String] { directory.sortedDurableNames }

    func open(_ name: String) throws(Errno) -> any LogFile {
        guard let content = directory.durableContent(of: name) else { throw .noSuchFileOrDirectory }
        return DurableFile(content)
    }

    func create(_ name: String) throws(Errno) -> any LogFile { throw .readOnlyFileSystem }

    func rename(_ old: String, to new: String) throws(Errno) { throw .readOnlyFileSystem }

    func remove(_ name: String) throws(Errno) { throw .readOnlyFileSystem }

    func sync() throws(Errno) { throw .readOnlyFileSystem }
}

private final class DurableFile: LogFile {
    private let content: [UInt8]

    init(_ content: [UInt8]) { self.content = content }

    func byteCount() throws(Errno) -> Int { content.count }

    func read(at offset: Int, count: Int) throws(Errno) -> [UInt8] {
        if offset == 0, count >= content.count { return content }  // Shared, not copied.
        return Array(content.dropFirst(offset).prefix(count))
    }

    func write(_ bytes: [UInt8], at offset: Int) throws(Errno) { throw .readOnlyFileSystem }

    func sync() throws(Errno) { throw .readOnlyFileSystem }
}
