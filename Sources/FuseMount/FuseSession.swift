// SPDX-License-Identifier: Apache-2.0
import CFuse3
import ClientRuntime
import Glibc
import Synchronization

/// libfuse's session of one mount: descriptor, callbacks, threads.
///
///     mount ──▶ loop (blocks until unmounted) ──▶ destroy
///
/// Our own descriptor and device hooks rather than `fuse_session_mount`: that is where passthrough
/// and the hand-over to a restarted process attach.
///
/// Safe because:
/// 1. `session` and the retained file system live until ``destroy()``, which takes them out.
/// 2. `destroy` comes after `loop` has returned, on the same thread, and after every request was
///    answered (``RequestTable/abandonAll()``).
final class FuseSession: Sendable {
    /// Threads that read requests; they only wait for us at ``RequestTable/limit``.
    ///
    /// On few cores
    /// fewer are faster (clone_fd off: it would lose requests in flight when a process restarts).
    static let threadCount: UInt32 = 4

    private let session: Mutex<UInt>
    private let userdata: UInt

    /// Mounts `fileSystem` on `directory`.
    ///
    /// The kernel queues what is asked before ``loop()``.
    init(
        _ fileSystem: FuseFileSystem,
        on directory: String,
        options: String
    ) throws(FuseMountError) {
        var table = FuseOperationTable.make()
        let retained = unsafe Unmanaged.passRetained(fileSystem)
        guard let session = unsafe Self.makeSession(&table, retained.toOpaque()) else {
            unsafe retained.release()
            throw .refused(what: "libfuse gave no session", directory: directory, errno: ENOMEM)
        }
        do throws(FuseMountError) {
            try unsafe Self.attach(session, to: directory, options: options)
        } catch {
            unsafe fuse_session_destroy(session)
            unsafe retained.release()
            throw error
        }
        unsafe userdata = UInt(bitPattern: retained.toOpaque())
        self.session = Mutex(UInt(bitPattern: session))
    }

    /// Serves requests on threads of libfuse until the mount is gone; blocks.
    ///
    /// - Returns: 0 after an unmount, else the errno that ended it.
    func loop() -> CInt {
        let value = session.withLock { $0 }
        guard let session = unsafe OpaquePointer(bitPattern: value),
            let config = unsafe fuse_loop_cfg_create()
        else { return ENOMEM }
        defer { unsafe fuse_loop_cfg_destroy(config) }
        unsafe fuse_loop_cfg_set_clone_fd(config, 0)
        unsafe fuse_loop_cfg_set_max_threads(config, Self.threadCount)
        unsafe fuse_loop_cfg_set_idle_threads(config, Self.threadCount)
        return abs(unsafe tarn_fuse_session_loop_mt(session, config))
    }

    func destroy() {
        let value = session.withLock { session in
            defer { session = 0 }
            return session
        }
        guard let session = unsafe OpaquePointer(bitPattern: value) else { return }
        unsafe fuse_session_destroy(session)
        guard let retained = unsafe UnsafeRawPointer(bitPattern: userdata) else { return }
        unsafe Unmanaged<FuseFileSystem>.fromOpaque(retained).release()
    }

    // MARK: - Private

    private static func makeSession(
        _ table: inout fuse_lowlevel_ops,
        _ userdata: UnsafeMutableRawPointer
    ) -> OpaquePointer? {
        unsafe "tarn".withCString { name in
            var words: [UnsafeMutablePointer<CChar>?] = unsafe [
                UnsafeMutablePointer(mutating: name), nil,
            ]
            return unsafe words.withUnsafeMutableBufferPointer { words in
                var arguments = unsafe fuse_args(
                    argc: 1,
                    argv: words.baseAddress,
                    allocated: 0
                )
                return unsafe fuse_session_new(
                    &arguments,
                    &table,
                    MemoryLayout<fuse_lowlevel_ops>.size,
                    userdata
                )
            }
        }
    }

    private static func attach(
        _ session: OpaquePointer,
        to directory: String,
        options: String
    ) throws(FuseMountError) {
        errno = 0
        let device = unsafe fuse_open_channel(directory, options)
        guard device >= 0 else {
            throw .refused(what: "mount", directory: directory, errno: errno == 0 ? EIO : errno)
        }
        var hooks = fuse_custom_io()
        unsafe hooks.read = tarn_fuse_device_read
        unsafe hooks.writev = tarn_fuse_device_writev
        let result = unsafe fuse_session_custom_io(session, &hooks, device)
        guard result == 0 else {
            close(device)
            try? FuseMounts.detach(directory)
            throw .refused(what: "libfuse", directory: directory, errno: -result)
        }
    }
}
