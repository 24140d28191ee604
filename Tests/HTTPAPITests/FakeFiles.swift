// SPDX-License-Identifier: Apache-2.0
import CatalogCore
import ClientRuntime
import Coordination
import HTTPAPI
import InMemoryLogging
import Logging
import NIOCore
import Primitives
import Synchronization
import Telemetry

/// Files in memory; reads may fail from an offset on, or wait until the test lets them go.
final class FakeFiles: FileSystemClient {
    struct Read: Hashable, Sendable {
        let range: Range<UInt64>
        let client: ClientKind
        let readAhead: UInt64
    }

    struct State: Sendable {
        var files: [ByteString: [UInt8]] = [:]
        var directories: [ByteString: DirectoryPage] = [:]
        var modifiedUnixNS: Int64 = 784_111_777_500_000_000
        var version: ByteString = "v1"
        var attributesError: FileError?
        var readError: (from: UInt64, error: FileError)?
        /// What the first failed read leaves behind: the next version, or (nil) nothing.
        var successor: (bytes: [UInt8]?, version: ByteString)?
        var reads: [Read] = []
        /// Whose request each read was for.
        var requestIDs: [String?] = []
        var lists: [(path: ByteString, after: ByteString?, limit: Int)] = []
    }

    let state = Mutex(State())

    func attributes(of path: ByteString, view: PathView) async throws(FileError) -> FileAttributes {
        let result: Result<FileAttributes, FileError> = state.withLock { state in
            if let error = state.attributesError { return .failure(error) }
            if let bytes = state.files[path] {
                return .success(
                    FileAttributes(
                        kind: .file,
                        size: UInt64(bytes.count),
                        modifiedUnixNS: state.modifiedUnixNS,
                        version: state.version,
                        validFor: nil
                    )
                )
            }
            guard state.directories[path] != nil else { return .failure(.notFound) }
            return .success(Self.directory)
        }
        return try result.get()
    }

    static let directory = FileAttributes(
        kind: .directory,
        size: 0,
        modifiedUnixNS: 0,
        version: ByteString(),
        validFor: nil
    )

    func list(
        _ path: ByteString,
        after: ByteString?,
        limit: Int
    ) async throws(FileError) -> DirectoryPage {
        let page = state.withLock { state in
            state.lists.append((path, after, limit))
            return state.directories[path]
        }
        guard let page else { throw .notADirectory }
        return page
    }

    func read(
        _ file: FileReference,
        range: Range<UInt64>,
        context: ReadContext
    ) async throws(FileError) -> ByteBuffer {
        let result: Result<ByteBuffer, FileError> = state.withLock { state in
            state.requestIDs.append(RequestID.current)
            state.reads.append(
                Read(range: range, client: context.client, readAhead: context.readAhead)
            )
            if let failure = state.readError, range.upperBound > failure.from {
                if let successor = state.successor {
                    state.files[file.path] = successor.bytes
                    (state.version, state.readError) = (successor.version, nil)
                }
                return .failure(failure.error)
            }
            let bytes = state.files[file.path] ?? []
            return .success(
                ByteBuffer(bytes: bytes[Int(range.lowerBound)..<Int(range.upperBound)])
            )
        }
        return try result.get()
    }

    func capacity() async throws(FileError) -> (total: UInt64, used: UInt64) { (0, 0) }
}
