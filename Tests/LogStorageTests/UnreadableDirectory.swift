// SPDX-License-Identifier: Apache-2.0
import LogStorage
import SimulationKit
import SystemPackage

/// A directory on a disk that cannot read some of its sectors.
final class UnreadableDirectory: LogDirectory {
    let directory: CrashDirectory
    /// Bytes of each file that cannot be read.
    var lost: [String: Range<Int>]
    /// What such a read fails with.
    var errno = Errno.ioError

    init(_ directory: CrashDirectory, lost: [String: Range<Int>] = [:]) {
        self.directory = directory
        self.lost = lost
    }

    func names() throws(Errno) -> [String] { try directory.names() }

    func open(_ name: String) throws(Errno) -> any LogFile {
        SectoredFile(file: try directory.open(name), name: name, directory: self)
    }

    func create(_ name: String) throws(Errno) -> any LogFile { try directory.create(name) }

    func rename(_ old: String, to new: String) throws(Errno) {
        try directory.rename(old, to: new)
    }

    func remove(_ name: String) throws(Errno) { try directory.remove(name) }

    func sync() throws(Errno) { try directory.sync() }
}

private final class SectoredFile: LogFile {
    private let file: any LogFile
    private let name: String
    private let directory: UnreadableDirectory

    init(file: any LogFile, name: String, directory: UnreadableDirectory) {
        self.file = file
        self.name = name
        self.directory = directory
    }

    func byteCount() throws(Errno) -> Int { try file.byteCount() }

    func read(at offset: Int, count: Int) throws(Errno) -> [UInt8] {
        let lost = directory.lost[name] ?? 0..<0
        if lost.overlaps(offset..<offset + count) { throw directory.errno }
        return try file.read(at: offset, count: count)
    }

    func write(_ bytes: [UInt8], at offset: Int) throws(Errno) {
        try file.write(bytes, at: offset)
    }

    func sync() throws(Errno) { try file.sync() }
}
