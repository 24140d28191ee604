// SPDX-License-Identifier: Apache-2.0
import LogStorage
import SimulationKit
import SystemPackage

/// A directory on a file system that has no room for another file from some draft on.
///
/// Files that exist are written in place as ever: they hold their blocks.
final class FullDirectory: LogDirectory {
    let directory: CrashDirectory
    /// Drafts begun so far.
    private(set) var draftCount = 0
    /// The draft that finds no space, and all after it; none without a number.
    var fullFrom: Int?
    /// Where in making a draft it is noticed.
    let stage: Stage

    enum Stage: CaseIterable, Sendable { case create, write, sync }

    init(_ directory: CrashDirectory, fullFrom: Int? = nil, at stage: Stage = .write) {
        self.directory = directory
        self.fullFrom = fullFrom
        self.stage = stage
    }

    private var isFull: Bool { fullFrom.map { draftCount > $0 } ?? false }

    fileprivate func require(_ stage: Stage, _ name: String) throws(Errno) {
        if name.hasSuffix(".tmp"), isFull, stage == self.stage { throw .noSpace }
    }

    func names() throws(Errno) -> [String] { try directory.names() }

    func open(_ name: String) throws(Errno) -> any LogFile {
        SpacedFile(file: try directory.open(name), name: name, directory: self)
    }

    func create(_ name: String) throws(Errno) -> any LogFile {
        draftCount += 1
        try require(.create, name)
        return SpacedFile(file: try directory.create(name), name: name, directory: self)
    }

    func rename(_ old: String, to new: String) throws(Errno) {
        try directory.rename(old, to: new)
    }

    func remove(_ name: String) throws(Errno) { try directory.remove(name) }

    func sync() throws(Errno) { try directory.sync() }
}

private final class SpacedFile: LogFile {
    private let file: any LogFile
    /// The name it was opened by; what is asked of it later is about another one.
    private let name: String
    private let directory: FullDirectory
    private var isDraft = true

    init(file: any LogFile, name: String, directory: FullDirectory) {
        self.file = file
        self.name = name
        self.directory = directory
    }

    func byteCount() throws(Errno) -> Int { try file.byteCount() }

    func read(at offset: Int, count: Int) throws(Errno) -> [UInt8] {
        try file.read(at: offset, count: count)
    }

    func write(_ bytes: [UInt8], at offset: Int) throws(Errno) {
        if isDraft { try directory.require(.write, name) }
        try file.write(bytes, at: offset)
    }

    func sync() throws(Errno) {
        if isDraft { try directory.require(.sync, name) }
        isDraft = false  // The next step gives it its own name.
        try file.sync()
    }
}
