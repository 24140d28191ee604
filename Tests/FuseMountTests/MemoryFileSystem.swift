// SPDX-License-Identifier: Apache-2.0
import ClientRuntime
import NIOCore
import Primitives
import Synchronization

/// A file system in memory: what the mount shows in these tests.
///
/// Content is a function of (seed, offset), so a file of any size costs nothing and any range of it
/// can be checked.
final class MemoryFileSystem: FileSystemClient {
    struct File: Sendable {
        var size: UInt64
        var seed: UInt64
        var version: ByteString
        var modifiedUnixNS: Int64 = 1_700_000_000_123_456_789
    }

    struct State: Sendable {
        var files: [ByteString: File] = [:]
        /// Contents by version, for open files of an older one; removed = exists nowhere any more.
        var versions: [ByteString: File] = [:]
        var validFor: Timespan? = .seconds(60)
        var errors: [ByteString: FileError] = [:]
        var isGateClosed = false
        var waiting: [CheckedContinuation<Void, Never>] = []
        var readAheads: [UInt64] = []
        var readSizes: [Int] = []
        var lookups: [ByteString: Int] = [:]
        var listCalls = 0
        var capacity: (total: UInt64, used: UInt64)? = (10 << 30, 4 << 30)
    }

    let state = Mutex(State())

    init(_ files: [ByteString: UInt64] = [:]) {
        for (path, size) in files { put(path, size: size) }
    }

    /// Adds or replaces a file; each call makes a new version.
    @discardableResult
    func put(_ path: ByteString, size: UInt64) -> File {
        state.withLock { state in
            let seed = UInt64(state.versions.count) + 1
            let file = File(size: size, seed: seed, version: ByteString("v\(seed)"))
            state.files[path] = file
            state.versions[path + "@" + file.version] = file
            return file
        }
    }

    static func byte(seed: UInt64, offset: UInt64) -> UInt8 {
        var mixed = (offset >> 3) &* 0x9E37_79B9_7F4A_7C15 &+ seed &* 0xC2B2_AE3D_27D4_EB4F
        mixed ^= mixed >> 29
        return UInt8(truncatingIfNeeded: mixed >> (8 * (offset & 7)))
    }

    static func content(of file: File, range: Range<UInt64>) -> [UInt8] {
        range.map { byte(seed: file.seed, offset: $0) }
    }

    // MARK: - Gate

    func closeGate() { state.withLock { $0.isGateClosed = true } }

    func openGate() {
        let waiting = state.withLock { state in
            state.isGateClosed = false
            defer { state.waiting = [] }
            return state.waiting
        }
        for waiter in waiting { waiter.resume() }
    }

    private func passGate() async {
        await withCheckedContinuation { continuation in
            let isOpen = state.withLock { state in
                if state.isGateClosed { state.waiting.append(continuation) }
                return !state.isGateClosed
            }
            if isOpen { continuation.resume() }
        }
    }

    // MARK: - FileSystemClient

    func attributes(
        of path: ByteString,
        view: PathView
    ) async throws(FileError) -> FileAttributes {
        await passGate()
        let result: Result<FileAttributes, FileError> = state.withLock { state in
            state.lookups[path, default: 0] += 1
            if let error = state.errors[path] { return .failure(error) }
            if let file = state.files[path] { return .success(attributes(file, state)) }
            let prefix = path == "/" ? path : path + "/"
            if state.files.keys.contains(where: { $0.hasPrefix(prefix) }) {
                return .success(directory(state))
            }
            return .failure(.notFound)
        }
        return try result.get()
    }

    func list(
        _ path: ByteString,
        after: ByteString?,
        limit: Int
    ) async throws(FileError) -> DirectoryPage {
        await passGate()
        let result: Result<DirectoryPage, FileError> = state.withLock { state in
            state.listCalls += 1
            if let error = state.errors[path] { return .failure(error) }
            return .success(page(path, after, limit, state))
        }
        return try result.get()
    }

    func read(
        _ file: FileReference,
        range: Range<UInt64>,
        context: ReadContext
    ) async throws(FileError) -> ByteBuffer {
        await passGate()
        let result: Result<File, FileError> = state.withLock { state in
            state.readAheads.append(context.readAhead)
            state.readSizes.append(range.count)
            if let error = state.errors[file.path] { return .failure(error) }
            guard let known = state.versions[file.path + "@" + file.version] else {
                return .failure(.stale)
            }
            return .success(known)
        }
        return ByteBuffer(bytes: Self.content(of: try result.get(), range: range))
    }

    func capacity() async throws(FileError) -> (total: UInt64, used: UInt64) {
        await passGate()
        guard let capacity = state.withLock({ $0.capacity }) else { throw .timedOut }
        return capacity
    }

    // MARK: - Private

    private func attributes(_ file: File, _ state: State) -> FileAttributes {
        FileAttributes(
            kind: .file,
            size: file.size,
            modifiedUnixNS: file.modifiedUnixNS,
            version: file.version,
            validFor: state.validFor
        )
    }

    private func directory(_ state: State) -> FileAttributes {
        FileAttributes(
            kind: .directory,
            size: 0,
            modifiedUnixNS: 0,
            version: "",
            validFor: state.validFor
        )
    }

    /// Sorted once per directory and number of files: a hundred pages must not cost a hundred sorts.
    private let sorted = Mutex<[ByteString: (count: Int, entries: [(ByteString, ByteString?)])]>([:]
    )

    private func page(
        _ path: ByteString,
        _ after: ByteString?,
        _ limit: Int,
        _ state: State
    ) -> DirectoryPage {
        let names = sorted.withLock { sorted in
            if let known = sorted[path], known.count == state.versions.count {
                return known.entries
            }
            let entries = Self.children(of: path, in: state)
            sorted[path] = (state.versions.count, entries)
            return entries
        }
        let last = after.map { $0.hasSuffix("/") ? ByteString($0.bytes.dropLast()) : $0 }
        let start = last.map { last in names.partitioningIndex { !($0.0 <= last) } } ?? 0
        let part = names[start...].prefix(limit)
        let entries = part.map { name, full in
            let known = full.flatMap { state.files[$0] }
            return DirectoryEntry(
                name: name,
                attributes: known.map { attributes($0, state) } ?? directory(state)
            )
        }
        return DirectoryPage(entries: entries, hasMore: start + part.count < names.count)
    }

    /// Names below `path` in bytewise order, with the full path of those that are files.
    private static func children(
        of path: ByteString,
        in state: State
    ) -> [(ByteString, ByteString?)] {
        let prefix = path == "/" ? path : path + "/"
        var names: [ByteString: ByteString?] = [:]
        for full in state.files.keys where full.hasPrefix(prefix) {
            let rest = full.dropFirst(prefix.count)
            let head = rest.bytes.prefix { $0 != UInt8(ascii: "/") }
            let isFile = head.count == rest.count
            names.updateValue(isFile ? full : .none, forKey: ByteString(head))
        }
        return names.map { ($0.key, $0.value) }.sorted { $0.0 < $1.0 }
    }
}

extension Array {
    /// The first index for which `isAfter` holds; elements for which it does are all at the end.
    func partitioningIndex(_ isAfter: (Element) -> Bool) -> Int {
        var low = 0
        var high = count
        while low < high {
            let middle = (low + high) / 2
            if isAfter(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
