// SPDX-License-Identifier: Apache-2.0
import SystemIO
package import SystemPackage

/// A ``LogDirectory`` on a file system.
package final class FileLogDirectory: LogDirectory {
    private let path: FilePath

    /// A directory that exists.
    package init(_ path: FilePath) { self.path = path }

    package func names() throws(Errno) -> [String] { try Directory.names(in: path) }

    package func open(_ name: String) throws(Errno) -> any LogFile {
        try DiskFile(File(path.appending(name), .update))
    }

    package func create(_ name: String) throws(Errno) -> any LogFile {
        try DiskFile(File(path.appending(name), .create))
    }

    package func rename(_ old: String, to new: String) throws(Errno) {
        try Directory.rename(path.appending(old), to: path.appending(new))
    }

    package func remove(_ name: String) throws(Errno) {
        try Directory.unlink(path.appending(name))
    }

    package func sync() throws(Errno) { try Directory.sync(path) }
}

private final class DiskFile: LogFile {
    private let file: File

    init(_ file: consuming File) { self.file = file }

    func byteCount() throws(Errno) -> Int { try file.status().byteCount }

    func read(at offset: Int, count: Int) throws(Errno) -> [UInt8] {
        try file.read(at: offset, count: count)
    }

    func write(_ bytes: [UInt8], at offset: Int) throws(Errno) {
        try file.write(bytes, at: offset)
    }

    func sync() throws(Errno) { try file.syncData() }

    func forgetCached(upTo byteCount: Int) { file.forgetCached(upTo: byteCount) }
}
