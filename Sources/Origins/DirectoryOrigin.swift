// SPDX-License-Identifier: Apache-2.0
import Glibc
package import NIOCore
package import NIOPosix
package import Primitives

/// A directory of this machine, local or NFS; its files are the objects.
///
/// Keys are relative paths as bytes. A version is size, mtime and inode, compared before and after
/// each read of the same descriptor.
package struct DirectoryOrigin: Origin {
    private let tree: DirectoryTree
    private let blocking: BlockingIO
    private let gate: OriginGate
    private let limits: OriginLimits
    private let observer: OriginObserver

    /// An origin with a budget of its own.
    ///
    /// `root` is absolute and must really lie below one of `allowed` (`nil`: anywhere); `pool` runs every
    /// file call and must be started.
    package init(
        root: ByteString,
        allowed: [ByteString]?,
        pool: NIOThreadPool,
        limits: OriginLimits = OriginLimits(),
        observer: @escaping OriginObserver
    ) {
        self.init(
            root: root,
            allowed: allowed,
            blocking: BlockingIO(pool: pool),
            gate: OriginGate(limits: limits, requestsInFlight: limits.fileCallsInFlight),
            limits: limits,
            observer: observer
        )
    }

    init(
        root: ByteString,
        allowed: [ByteString]?,
        blocking: BlockingIO,
        gate: OriginGate,
        limits: OriginLimits,
        observer: @escaping OriginObserver
    ) {
        tree = DirectoryTree(root: root, allowed: allowed)
        self.blocking = blocking
        self.gate = gate
        self.limits = limits
        self.observer = observer
    }

    package func attributes(of key: ByteString) async throws(OriginError) -> OriginObject {
        guard DirectoryTree.isKey(key) else { throw .notFound }
        let tree = tree
        return try await perform(.head, byteCount: { _ in 0 }) { () throws(OriginError) in
            let root = try tree.open()
            let status = try DirectoryTree.resolve(key, in: root).status()
            guard status.isRegularFile else { throw .notFound }
            return status.object(key: key)
        }
    }

    package func list(_ query: OriginListQuery) async throws(OriginError) -> OriginListing {
        let tree = tree
        return try await perform(.list, byteCount: { _ in 0 }) { () throws(OriginError) in
            let root = try tree.open()
            return try DirectoryWalk.page(query, in: root)
        }
    }

    package func read(
        _ object: OriginObject,
        range: Range<UInt64>
    ) async throws(OriginError) -> ByteBuffer {
        guard DirectoryTree.isKey(object.key) else { throw .notFound }
        guard !range.isEmpty, range.upperBound <= object.size, range.count <= 64 << 20 else {
            throw .rangeNotSatisfiable
        }
        let tree = tree
        return try await perform(.get, byteCount: \.readableBytes) { () throws(OriginError) in
            let root = try tree.open()
            return try Self.bytes(range, of: object, in: root)
        }
    }

    // MARK: - Parts

    private static func bytes(
        _ range: Range<UInt64>,
        of object: OriginObject,
        in root: borrowing DirectoryTree.Root
    ) throws(OriginError) -> ByteBuffer {
        let inode = try DirectoryTree.resolve(object.key, in: root)
        guard try inode.status().isRegularFile else { throw .notFound }
        let file = try inode.reopened(flags: O_RDONLY)
        guard try file.status().object(key: object.key) == object else { throw .changed }

        var buffer = ByteBufferAllocator().buffer(capacity: range.count)
        var outcome: Result<Int, OriginError> = .success(0)
        // Safe because: the buffer was made with room for the whole range, and `read` fills no more
        // than the slice it is given.
        unsafe buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: range.count) { space in
            let slice = unsafe UnsafeMutableRawBufferPointer(rebasing: space[..<range.count])
            do throws(OriginError) {
                let count = try unsafe file.read(into: slice, at: range.lowerBound)
                outcome = .success(count)
                return count
            } catch {
                outcome = .failure(error)
                return 0
            }
        }
        let count = try outcome.get()
        guard try file.status().object(key: object.key) == object else { throw .changed }
        guard count == range.count else {
            throw .brokenBody("it ended after \(count) of \(range.count) bytes")
        }
        return buffer
    }

    /// One turn on the pool, and its record.
    private func perform<Value: Sendable>(
        _ method: OriginRequestRecord.Method,
        byteCount: @escaping @Sendable (Value) -> Int,
        _ body: @escaping @Sendable () throws(OriginError) -> Value
    ) async throws(OriginError) -> Value {
        let deadline = Deadline(limits.deadline)
        let (blocking, gate, observer) = (blocking, gate, observer)
        return try await race(Patience(deadline)) {
            await Result.catching { () async throws(OriginError) in
                let ticket = try await gate.enter(deadline)
                let result = await Result.catching { () async throws(OriginError) in
                    try await blocking.run(deadline, inTurnOf: gate.budget) {
                        let result = Result.catching(body)
                        observer(Self.record(method, result, byteCount))
                        return result
                    }
                }
                gate.settle(ticket, Self.verdict(on: result))
                return try result.get()
            }
        }
    }

    /// Only a directory that hangs is left alone: an errno is mostly one file's.
    private static func verdict<Value>(
        on result: Result<Value, OriginError>
    ) -> OriginBreaker.Verdict {
        switch result {
        case .failure(.timedOut(let afterMS)): .failed(.timedOut(afterMS: afterMS))
        case .failure(.unreachable): .unknown
        case .success, .failure: .answered
        }
    }

    private static func record<Value>(
        _ method: OriginRequestRecord.Method,
        _ result: Result<Value, OriginError>,
        _ byteCount: (Value) -> Int
    ) -> OriginRequestRecord {
        switch result {
        case .success(let value):
            OriginRequestRecord(method: method, status: 200, byteCount: byteCount(value))
        case .failure(let error):
            OriginRequestRecord(method: method, status: status(of: error), byteCount: 0)
        }
    }

    private static func status(of error: OriginError) -> Int {
        switch error {
        case .notFound: 404
        case .accessDenied: 403
        case .changed: 412
        case .rangeNotSatisfiable: 416
        case .throttled, .unexpectedStatus, .timedOut, .unreachable, .brokenBody, .misconfigured,
            .unknownCredential,
            .io:
            500
        }
    }
}

extension Result where Failure == OriginError {
    /// `Result(catching:)` that keeps the type of the error.
    static func catching(_ body: () throws(OriginError) -> Success) -> Self {
        do {
            return .success(try body())
        } catch {
            return .failure(error)
        }
    }

    /// The same for work that waits.
    static func catching(_ body: () async throws(OriginError) -> Success) async -> Self {
        do {
            return .success(try await body())
        } catch {
            return .failure(error)
        }
    }
}
