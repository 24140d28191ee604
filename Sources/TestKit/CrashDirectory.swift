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
package final class CrashDirectory: LogDirectory {
    /// Changes performed so far: writes, syncs, creations, renames, removals.
    package private(set) var operationCount = 0
    /// From this change on everything fails; the change itself is lost or torn by ``image(using:)``.
    package var crashAt = Int.max
    /// Every sync fails from this change on, as after an I/O error.
    package var syncFailsFrom = Int.max

    fileprivate final class Inode {
        var written: [UInt8] = []
        var durable: [UInt8] = []
        var dirtySectors: Set<Int> = []
    }

    private enum NameChange {
        case bind(String, Inode)
        case rename(String, String, Inode)
        case remove(String)
    }

    private var bound: [String: Inode] = [:]
    private var durableNames: [String: Inode] = [:]
    private var pendingNames: [NameChange] = []

    package init() {}

    /// A directory whose files are durable with this content.
    package init(files: [String: [UInt8]]) {
        for (name, content) in files {
            let inode = Inode()
            (inode.written, inode.durable) = (content, content)
            (bound[name], durableNames[name]) = (inode, inode)
        }
    }

    /// What every file holds now, synced or not.
    package var files: [String: [UInt8]] { bound.mapValues(\.written) }

    // MARK: - Crash

    /// One of the states that a crash now may leave.
    package func image(using generator: inout SplitMix64) -> CrashDirectory {
        var names = durableNames
        for change in pendingNames where generator.next() & 1 == 0 {
            switch change {
            case .bind(let name, let inode): names[name] = inode
            case .rename(let old, let new, let inode):
                names[old] = nil
                names[new] = inode
            case .remove(let name): names[name] = nil
            }
        }
        var files: [String: [UInt8]] = [:]
        for name in names.keys.sorted() {
            guard let inode = names[name] else { continue }
            files[name] = Self.torn(inode, using: &generator)
        }
        return CrashDirectory(files: files)
    }

    private static func torn(_ inode: Inode, using generator: inout SplitMix64) -> [UInt8] {
        var content = inode.durable
        let keepsNone = generator.next() % 8 == 0
        let keepsAll = generator.next() % 8 == 0
        for sector in inode.dirtySectors.sorted() {
            let isKept = generator.next() & 1 == 0
            guard keepsAll || (isKept && !keepsNone) else { continue }
            let range = sector * 512..<min((sector + 1) * 512, inode.written.count)
            if content.count < range.upperBound {
                let missing = range.upperBound - content.count
                content.append(contentsOf: [UInt8](repeating: 0, count: missing))
            }
            content.replaceSubrange(range, with: inode.written[range])
        }
        return content
    }

    fileprivate func step() throws(Errno) {
        guard operationCount < crashAt else { throw .ioError }
        operationCount += 1
    }

    // MARK: - LogDirectory

    package func names() throws(Errno) -> [String] { bound.keys.sorted() }

    package func open(_ name: String) throws(Errno) -> any LogFile {
        guard let inode = bound[name] else { throw .noSuchFileOrDirectory }
        return CrashFile(directory: self, inode: inode)
    }

    package func create(_ name: String) throws(Errno) -> any LogFile {
        try step()
        guard bound[name] == nil else { throw .fileExists }
        let inode = Inode()
        bound[name] = inode
        pendingNames.append(.bind(name, inode))
        return CrashFile(directory: self, inode: inode)
    }

    package func rename(_ old: String, to new: String) throws(Errno) {
        try step()
        guard let inode = bound[old] else { throw .noSuchFileOrDirectory }
        bound[old] = nil
        bound[new] = inode
        pendingNames.append(.rename(old, new, inode))
    }

    package func remove(_ name: String) throws(Errno) {
        guard bound[name] != nil else { throw .noSuchFileOrDirectory }
        try step()
        bound[name] = nil
        pendingNames.append(.remove(name))
    }

    package func sync() throws(Errno) {
        try step()
        guard operationCount <= syncFailsFrom else { throw .ioError }
        durableNames = bound
        pendingNames = []
    }
}

private final class CrashFile: LogFile {
    private let directory: CrashDirectory
    private let inode: CrashDirectory.Inode

    init(directory: CrashDirectory, inode: CrashDirectory.Inode) {
        self.directory = directory
        self.inode = inode
    }

    func byteCount() throws(Errno) -> Int { inode.written.count }

    func read(at offset: Int, count: Int) throws(Errno) -> [UInt8] {
        Array(inode.written.dropFirst(offset).prefix(count))
    }

    func write(_ bytes: [UInt8], at offset: Int) throws(Errno) {
        // Taken before the step: a crash during a write may leave any part of it.
        let crash = Result { () throws(Errno) in try directory.step() }
        let end = offset + bytes.count
        if inode.written.count < end {
            let missing = end - inode.written.count
            inode.written.append(contentsOf: [UInt8](repeating: 0, count: missing))
        }
        inode.written.replaceSubrange(offset..<end, with: bytes)
        inode.dirtySectors.formUnion(offset / 512..<(end + 511) / 512)
        try crash.get()
    }

    func sync() throws(Errno) {
        try directory.step()
        guard directory.operationCount <= directory.syncFailsFrom else { throw .ioError }
        inode.durable = inode.written
        inode.dirtySectors = []
    }
}
