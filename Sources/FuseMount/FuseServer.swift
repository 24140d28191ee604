// SPDX-License-Identifier: Apache-2.0
package import ClientRuntime
import Glibc
package import Logging
import Primitives
import Synchronization

/// One FUSE mount: makes it, serves it, takes it away.
///
///     idle ──mount──▶ serving ──unmounted, or stop──▶ ended
///
/// Invariants:
/// 1. The loop thread alone ends a session: loop returns, open requests are answered, session freed.
/// 2. `end` is set once, and everybody who waits in ``run()`` gets it.
package final class FuseServer: Sendable {
    /// How long ``stop()`` waits for open files to be closed.
    package static let stopGrace: Duration = .seconds(3)

    /// Why a mount ended.
    package enum End: Hashable, Sendable {
        /// Somebody unmounted it.
        case unmounted
        /// ``FuseServer/stop()`` did; so many files were still open and are lost.
        case stopped(openFiles: Int)
        /// The connection to the kernel broke.
        case failed(errno: CInt)
    }

    private struct State {
        var end: End?
        var isStopping = false
        var mountedOn: String?
        var waiters: [CheckedContinuation<End, Never>] = []
    }

    private let client: any FileSystemClient
    private let description: FuseMountDescription
    private let options: FuseMountOptions
    private let states: MountStateStore?
    private let recorder: any FuseOperationRecorder
    private let logger: Logger
    private let fileSystem = Mutex<FuseFileSystem?>(nil)
    private let state = Mutex(State())

    /// Prepares a mount of what `client` shows.
    ///
    /// `states` is where `fuse status` will look for it; `nil` writes nothing down.
    package init(
        client: any FileSystemClient,
        description: FuseMountDescription,
        options: FuseMountOptions,
        states: MountStateStore?,
        recorder: any FuseOperationRecorder,
        logger: Logger
    ) {
        self.client = client
        self.description = description
        self.options = options
        self.states = states
        self.recorder = recorder
        self.logger = logger
    }

    /// Mounts on `directory` and returns once the mount answers.
    ///
    /// Once per server. A mount of a dead process on the directory is taken away first.
    package func mount(at directory: String) async throws(FuseMountError) {
        let directory = try await blocking { () throws(FuseMountError) in
            try FuseMounts.prepare(directory)
        }
        let fileSystem = try await makeFileSystem()
        let options = options.kernelOptions(source: description.source)
        let session = try await blocking { () throws(FuseMountError) in
            try FuseSession(fileSystem, on: directory, options: options)
        }
        self.fileSystem.withLock { $0 = fileSystem }
        state.withLock { $0.mountedOn = directory }
        OwnThread.start { self.serve(session, fileSystem) }

        do throws(FuseMountError) {
            try await blocking { () throws(FuseMountError) in try self.settle(directory) }
        } catch {
            _ = await stop()
            throw error
        }
    }

    /// Suspends until the mount has ended, and says why.
    package func run() async -> End {
        await withCheckedContinuation { continuation in
            let end = state.withLock { state -> End? in
                if state.end == nil { state.waiters.append(continuation) }
                return state.end
            }
            if let end { continuation.resume(returning: end) }
        }
    }

    /// Takes the mount out of the tree at once and ends it.
    ///
    /// Open files get ``stopGrace``; after that the process is expected to end, which breaks their
    /// connection. Does nothing before ``mount(at:)``.
    package func stop() async -> End? {
        let directory = state.withLock { state in
            state.isStopping = true
            return state.end == nil ? state.mountedOn : nil
        }
        guard let directory else { return state.withLock { $0.end } }
        await OwnThread.run {
            do {
                try FuseMounts.detach(directory)
            } catch {
                self.logger.warning("Unmount failed", metadata: ["error": "\(error)"])
            }
            let deadline = ContinuousClock.now + Self.stopGrace
            while self.state.withLock({ $0.end == nil }), .now < deadline { usleep(5000) }
        }
        finish(.stopped(openFiles: openFiles))
        return state.withLock { $0.end }
    }

    /// Descriptors open in the mount.
    package var openFiles: Int {
        fileSystem.withLock { $0.map { $0.files.count + $0.directories.count } ?? 0 }
    }

    /// Nodes that the kernel holds.
    package var knownNodes: Int {
        fileSystem.withLock { $0?.nodes.withLock { $0.count } ?? 0 }
    }

    // MARK: - Private

    private func makeFileSystem() async throws(FuseMountError) -> FuseFileSystem {
        let path = description.path
        let attributes: FileAttributes
        do throws(FileError) {
            attributes = try await client.attributes(of: path, view: .posix)
            guard attributes.kind == .directory else { throw .notADirectory }
        } catch {
            throw .noRoot(path: path.text, error)
        }
        return FuseFileSystem(
            client: client,
            root: Node(id: NodeTable.rootID, path: path, attributes: attributes),
            presentation: NodePresentation(
                uid: options.uid,
                gid: options.gid,
                fileMode: options.fileMode,
                directoryMode: options.directoryMode
            ),
            recorder: recorder,
            logger: logger
        )
    }

    /// The loop thread's life (invariant 1).
    private func serve(_ session: FuseSession, _ fileSystem: FuseFileSystem) {
        let code = session.loop()
        fileSystem.requests.abandonAll()
        session.destroy()
        let (isStopping, directory) = state.withLock { ($0.isStopping, $0.mountedOn) }
        if code != 0, let directory { try? FuseMounts.detach(directory) }
        if let directory { states?.remove(directory, of: ProcessIdentity(pid: getpid())) }
        finish(
            isStopping
                ? .stopped(openFiles: 0) : code == 0 ? .unmounted : .failed(errno: code)
        )
    }

    private func finish(_ end: End) {
        let waiters = state.withLock { state -> [CheckedContinuation<End, Never>] in
            guard state.end == nil else { return [] }
            state.end = end  // invariant 2
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resume(returning: end) }
    }

    /// Waits for the kernel's `INIT` to be through, then sets and notes what depends on it.
    private func settle(_ directory: String) throws(FuseMountError) {
        guard FuseMounts.health(of: directory) == .alive,
            let mount = try FuseMounts.topmost(on: directory), mount.isTarn
        else { throw .unresponsive(directory: directory) }
        if !ReadAheadTuning.apply(device: mount.device) {
            logger.info("Read-ahead stays at the kernel's default, only root may raise it")
        }
        guard let states, let process = ProcessIdentity(pid: getpid()) else { return }
        try states.write(description.state(of: directory, process: process))
    }

    private func blocking<Value: Sendable>(
        _ body: @escaping @Sendable () throws(FuseMountError) -> Value
    ) async throws(FuseMountError) -> Value {
        try await OwnThread.run { Result(catching: body) }.get()
    }
}
