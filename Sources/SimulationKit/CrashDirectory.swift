// SPDX-License-Identifier: Apache-2.0
package import LogStorage
package import Primitives
package import SystemPackage

/// A directory in memory that can lose power.
///
/// Keeps what was synced apart from what was only written. After a crash ``image(using:)`` builds
/// one of the states the disk may be in: of every file any subset of the 512-byte sectors written
/// since its last sync, of the names any subset of the changes since the directory's last sync.
/// Harder than a journaling file system, which keeps the order of names.
///
/// A sync that fails leaves what the kernel leaves: the file reads as it was written, its sectors
/// count as clean, and no later sync brings them to the disk.
package final class CrashDirectory: LogDirectory {
    /// Changes performed so far: writes, syncs, creations, renames, removals.
    package private(set) var operationCount = 0
    /// From this change on everything fails; the change itself is lost or torn by ``image(using:)``.
    package var crashAt = Int.max
    /// Every sync fails from this change on, as after an I/O error.
    package var syncFailsFrom = Int.max
    /// No file is made and none grows from this change on: the disk is full.
    package var isFullFrom = Int.max
    /// Every sync reports success and does nothing.
    package var syncLies = false
    /// As many reads succeed, and then none.
    package var readsLeft = Int.max

    private enum NameChange {
        case bind(String, CrashedFile)
        case rename(String, String, CrashedFile)
        case remove(String)
    }

    private var bound: [String: CrashedFile] = [:]
    private var durableNames: [String: CrashedFile] = [:]
    private var pendingNames: [NameChange] = []

    package init() {}

    /// A directory whose files are durable with this content.
    package init(files: [String: [UInt8]]) {
        for (name, content) in files {
            let file = CrashedFile(durable: content)
            (bound[name], durableNames[name]) = (file, file)
            file.durableName = name
        }
    }

    /// What every file holds now, synced or not.
    package var files: [String: [UInt8]] { bound.mapValues(\.written) }

    // MARK: - Crash

    /// One of the states that a loss of power now may leave.
    package func image(using generator: inout SplitMix64) -> CrashDirectory {
        var names = durableNames
        for change in pendingNames where generator.next() & 1 == 0 {
            switch change {
            case .bind(let name, let file): names[name] = file
            case .rename(let old, let new, let file):
                names[old] = nil
                names[new] = file
            case .remove(let name): names[name] = nil
            }
        }
        var files: [String: [UInt8]] = [:]
        for name in names.keys.sorted() {
            files[name] = names[name]?.torn(using: &generator)
        }
        return CrashDirectory(files: files)
    }

    /// The state that a loss of power now leaves at worst: nothing but what was synced.
    package var durableImage: CrashDirectory {
        CrashDirectory(files: durableNames.mapValues(\.durable))
    }

    fileprivate func step() throws(Errno) {
        guard operationCount < crashAt else { throw .ioError }
        operationCount += 1
    }

    fileprivate func requireReadable() throws(Errno) {
        guard readsLeft > 0 else { throw .ioError }
        if readsLeft < .max { readsLeft -= 1 }
    }

    fileprivate var isFull: Bool { operationCount > isFullFrom }

    fileprivate var syncFails: Bool { operationCount > syncFailsFrom }

    // MARK: - What is durable, as it changes

    /// Counts changes of the names that a loss of power leaves.
    private(set) var durableNamesVersion = 0
    /// Files synced since ``takeDurableChanges()`` was called last.
    private var synced: [CrashedFile] = []
    /// Names that have become another file's since then.
    private var rebound: [String] = []

    /// Which durable files read otherwise than before and where, in bytes; those that are new under
    /// their name from end to end.
    func takeDurableChanges() -> [(name: String, range: Range<Int>)] {
        var changes = rebound.map { (name: $0, range: 0..<Int.max) }
        for file in synced {
            if let name = file.durableName { changes.append((name, file.changes ?? 0..<0)) }
            file.changes = nil
        }
        synced.removeAll(keepingCapacity: true)
        rebound.removeAll()
        return changes
    }

    /// The content of a file after a loss of power that loses all it may.
    func durableContent(of name: String) -> [UInt8]? { durableNames[name]?.durable }

    /// The names that a loss of power leaves, sorted.
    var sortedDurableNames: [String] { durableNames.keys.sorted() }

    // MARK: - LogDirectory

    package func names() throws(Errno) -> [String] { bound.keys.sorted() }

    package func open(_ name: String) throws(Errno) -> any LogFile {
        try requireReadable()
        guard let file = bound[name] else { throw .noSuchFileOrDirectory }
        return CrashFileHandle(directory: self, file: file)
    }

    package func create(_ name: String) throws(Errno) -> any LogFile {
        try step()
        guard bound[name] == nil else { throw .fileExists }
        guard operationCount <= isFullFrom else { throw .noSpace }
        let file = CrashedFile(durable: [])
        bound[name] = file
        pendingNames.append(.bind(name, file))
        return CrashFileHandle(directory: self, file: file)
    }

    package func rename(_ old: String, to new: String) throws(Errno) {
        try step()
        guard let file = bound[old] else { throw .noSuchFileOrDirectory }
        bound[old] = nil
        bound[new] = file
        pendingNames.append(.rename(old, new, file))
    }

    package func remove(_ name: String) throws(Errno) {
        guard bound[name] != nil else { throw .noSuchFileOrDirectory }
        try step()
        bound[name] = nil
        pendingNames.append(.remove(name))
    }

    package func sync() throws(Errno) {
        try step()
        guard !syncFails else { throw .ioError }
        guard !syncLies, !pendingNames.isEmpty else { return }
        rebound += bound.keys.filter { durableNames[$0] !== bound[$0] }
        for file in durableNames.values { file.durableName = nil }
        durableNames = bound
        for (name, file) in bound { file.durableName = name }
        pendingNames = []
        durableNamesVersion += 1
    }

    fileprivate func fileSynced(_ file: CrashedFile) {
        if !synced.contains(where: { $0 === file }) { synced.append(file) }
    }
}

private final class CrashFileHandle: LogFile {
    private let directory: CrashDirectory
    private let file: CrashedFile

    init(directory: CrashDirectory, file: CrashedFile) {
        self.directory = directory
        self.file = file
    }

    func byteCount() throws(Errno) -> Int { file.written.count }

    func read(at offset: Int, count: Int) throws(Errno) -> [UInt8] {
        try directory.requireReadable()
        return Array(file.written.dropFirst(offset).prefix(count))
    }

    func write(_ bytes: [UInt8], at offset: Int) throws(Errno) {
        if directory.isFull, offset + bytes.count > file.written.count { throw .noSpace }
        // Taken before the step: a crash during a write may leave any part of it.
        let crash = Result { () throws(Errno) in try directory.step() }
        file.write(bytes, at: offset)
        try crash.get()
    }

    func sync() throws(Errno) {
        try directory.step()
        guard !directory.syncFails else {
            file.loseUnsynced()
            throw .ioError
        }
        guard !directory.syncLies else { return }
        file.sync()
        directory.fileSynced(file)
    }
}
