// SPDX-License-Identifier: Apache-2.0
import LogStorage
import SimulationKit
import SystemPackage

/// A directory that leaves one sync out, as code that forgot it would.
final class ForgetfulDirectory: LogDirectory {
    let directory: CrashDirectory
    /// Syncs asked for so far, of files and of the directory.
    private(set) var syncCount = 0
    private let omitted: Int?

    /// Leaves out the sync number `omitted`, counted from 0; none without a number.
    init(_ directory: CrashDirectory, leavingOut omitted: Int? = nil) {
        self.directory = directory
        self.omitted = omitted
    }

    /// Whether the sync that is asked for now takes place.
    fileprivate func syncs() -> Bool {
        defer { syncCount += 1 }
        return syncCount != omitted
    }

    func names() throws(Errno) -> [String] { try directory.names() }

    func open(_ name: String) throws(Errno) -> any LogFile {
        ForgetfulFile(file: try directory.open(name), directory: self)
    }

    func create(_ name: String) throws(Errno) -> any LogFile {
        ForgetfulFile(file: try directory.create(name), directory: self)
    }

    func rename(_ old: String, to new: String) throws(Errno) {
        try directory.rename(old, to: new)
    }

    func remove(_ name: String) throws(Errno) { try directory.remove(name) }

    func sync() throws(Errno) {
        if syncs() { try directory.sync() }
    }
}

private final class ForgetfulFile: LogFile {
    private let file: any LogFile
    private let directory: ForgetfulDirectory

    init(file: any LogFile, directory: ForgetfulDirectory) {
        self.file = file
        self.directory = directory
    }

    func byteCount() throws(Errno) -> Int { try file.byteCount() }

    func read(at offset: Int, count: Int) throws(Errno) -> [UInt8] {
        try file.read(at: offset, count: count)
    }

    func write(_ bytes: [UInt8], at offset: Int) throws(Errno) {
        try file.write(bytes, at: offset)
    }

    func sync() throws(Errno) {
        if directory.syncs() { try file.sync() }
    }
}
