// SPDX-License-Identifier: Apache-2.0
import CFuse3
import ClientRuntime
import Glibc
import Logging
import Primitives
import Synchronization

/// The file system that libfuse calls: holds the state of one mount and answers its requests.
///
/// What is at hand is answered on the FUSE thread that brought the request; everything that has to
/// ask the ``FileSystemClient`` goes to a task and is answered from there. The operations stand in
/// `FuseFileSystem+….swift`, the callbacks in `FuseOperationTable.swift`.
final class FuseFileSystem: Sendable {
    let client: any FileSystemClient
    let presentation: NodePresentation
    let recorder: any FuseOperationRecorder
    let logger: Logger
    let nodes: Mutex<NodeTable>
    let files = HandleTable<ReadPattern>()
    let directories = HandleTable<DirectoryStream>()
    let requests = RequestTable()
    let statistics: CapacityCache
    let logBudget = LogBudget()

    init(
        client: any FileSystemClient,
        root: Node,
        presentation: NodePresentation,
        recorder: any FuseOperationRecorder,
        logger: Logger
    ) {
        self.client = client
        self.presentation = presentation
        self.recorder = recorder
        self.logger = logger
        nodes = Mutex(NodeTable(root: root.path, attributes: root.attributes))
        statistics = CapacityCache(client: client)
    }

    /// The mount that a request belongs to.
    ///
    /// Safe because the session was made with an instance that it keeps retained until it is
    /// destroyed, and a request does not outlive its session.
    static func of(_ request: fuse_req_t) -> FuseFileSystem {
        guard let pointer = unsafe fuse_req_userdata(request) else {
            preconditionFailure("a session without its file system")
        }
        return unsafe Unmanaged<FuseFileSystem>.fromOpaque(pointer).takeUnretainedValue()
    }

    func node(_ id: UInt64) -> Node? { nodes.withLock { $0.node(id) } }

    /// Answers `request` from a task; an error becomes its errno, and a line in the log if the
    /// errno alone hides the cause.
    func answerLater(
        _ request: FuseRequest,
        about path: ByteString,
        _ body: @escaping @Sendable () async throws(FileError) -> Void
    ) {
        requests.start(request) {
            do throws(FileError) {
                try await body()
            } catch {
                self.fail(request, error, path: path)
            }
        }
    }

    func fail(_ request: FuseRequest, _ error: FileError, path: ByteString) {
        let delivery = request.fail(error.fuseErrno)
        guard error.needsLogging, delivery != .tooLate, let skipped = logBudget.take() else {
            return
        }
        logger.warning(
            "A file operation failed",
            metadata: [
                "fuse.op": .string(request.operation.rawValue),
                "file.path": .string(path.text),
                "error": .string(String(describing: error)),
                "log.skipped": .stringConvertible(skipped),
            ]
        )
    }
}
