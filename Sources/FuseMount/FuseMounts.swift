// SPDX-License-Identifier: Apache-2.0
import CFuse3
import Foundation
import Glibc
import Primitives
import SystemPackage

/// Tarn's mounts on this machine: which there are, whether they answer, how to end them.
///
/// Everything here blocks and is for threads that may.
package enum FuseMounts {
    /// How long a mount may take to say that it lives.
    package static let probeTimeout: Duration = .seconds(5)

    /// What a mount says when it is asked for a sign of life.
    package enum Health: Sendable {
        case alive
        /// The serving process is gone; every access fails.
        case dead
        /// No answer in time, although the connection stands.
        case unresponsive
    }

    /// How hard ``unmount(_:mode:states:)`` tries.
    package enum UnmountMode: Sendable {
        /// Fails while files below are open.
        case normal
        /// Detaches at once and ends the serving process.
        case force
    }

    /// Every Tarn mount that this process sees.
    package static func list() throws(FuseMountError) -> [MountInfo] {
        try MountInfo.all().filter(\.isTarn)
    }

    /// Whether what is mounted on `directory` answers.
    package static func health(
        of directory: String,
        timeout: Duration = probeTimeout
    ) -> Health {
        let result = OwnThread.run(timeout: timeout) { () -> CInt in
            var statistics = statvfs()
            return unsafe statvfs(directory, &statistics) == 0 ? 0 : errno
        }
        return switch result {
        case nil: .unresponsive
        case ENOTCONN?, ECONNABORTED?: .dead
        default: .alive
        }
    }

    /// The directory's one name: absolute, without symbolic links, `.` or `..`.
    ///
    /// Never looks at what a Tarn mount itself shows: that fails when its process is gone, and waits
    /// when its cluster is.
    package static func canonical(_ directory: String) throws(FuseMountError) -> String {
        var path = FilePath(directory)
        for _ in 0..<40 {  // As many links as the kernel follows (path_resolution(7)).
            path = path.lexicallyNormalized()
            let parent = path.removingLastComponent()
            guard let start = resolved(parent.isEmpty ? "." : parent.string) else {
                throw failure(to: directory, errno)
            }
            guard let name = path.lastComponent, name.kind == .regular else {
                guard let whole = resolved(path.string) else { throw failure(to: directory, errno) }
                return whole
            }
            let candidate = FilePath(start).appending(name)
            if try topmost(on: candidate.string)?.isTarn == true { return candidate.string }
            guard let link = target(of: candidate.string) else {
                guard unsafe access(candidate.string, F_OK) == 0 else {
                    throw failure(to: directory, errno)
                }
                return candidate.string
            }
            path = FilePath(start).pushing(FilePath(link))
        }
        throw .refused(what: "look up", directory: directory, errno: ELOOP)
    }

    /// Makes `directory` ready for a mount, and returns its canonical name.
    ///
    /// What a dead process left there is taken away. A directory that holds files is fine, as for
    /// mount(8): the mount hides them.
    package static func prepare(_ directory: String) throws(FuseMountError) -> String {
        let directory = try canonical(directory)
        for _ in 0..<16 {  // Dead mounts may lie on top of each other.
            guard let mount = try topmost(on: directory), mount.isTarn else { break }
            switch health(of: directory) {
            case .alive:
                throw .alreadyMounted(directory: directory, source: mount.source)
            case .unresponsive:
                throw .unresponsive(directory: directory)
            case .dead:
                try detach(directory)
            }
        }
        var status = Glibc.stat()
        guard unsafe stat(directory, &status) == 0 else {
            throw .refused(what: "look up", directory: directory, errno: errno)
        }
        guard status.st_mode & S_IFMT == S_IFDIR else { throw .notADirectory(directory) }
        guard unsafe access("/dev/fuse", R_OK | W_OK) == 0 else {
            throw .noFuseDevice(errno: errno)
        }
        return directory
    }

    /// Ends the mount on `directory`, and waits until its process is gone.
    package static func unmount(
        _ directory: String,
        mode: UnmountMode,
        states: MountStateStore?
    ) throws(FuseMountError) {
        let directory = try canonical(directory)
        guard let mount = try topmost(on: directory), mount.isTarn else {
            throw .notMounted(directory: directory)
        }
        let process = states?.state(of: directory)?.process
        switch mode {
        case .force:
            try detach(directory)
            process?.waitForEnd(timeout: .seconds(2))
            process?.end()
        case .normal:
            try unmount(directory, health(of: directory) == .dead ? .lazily : .now)
            process?.waitForEnd(timeout: .seconds(10))
        }
        // A process that still runs takes its state away itself.
        if process?.isRunning != true { states?.remove(directory, of: process) }
    }

    /// Takes the mount out of the tree at once; what is open in it stays open.
    package static func detach(_ directory: String) throws(FuseMountError) {
        try unmount(directory, .lazily)
    }

    /// The mount that is seen at `directory`, if one is mounted right there.
    package static func topmost(on directory: String) throws(FuseMountError) -> MountInfo? {
        try MountInfo.all().last { $0.directory == ByteString(directory) }
    }

    // MARK: - Private

    private enum Timing { case now, lazily }

    private static func unmount(
        _ directory: String,
        _ timing: Timing
    ) throws(FuseMountError) {
        let flags = Int32(UMOUNT_NOFOLLOW) | (timing == .lazily ? Int32(MNT_DETACH) : 0)
        guard unsafe umount2(directory, flags) != 0 else { return }
        switch errno {
        case EBUSY: throw .busy(directory: directory)
        case EPERM:
            // Not root: fusermount3 is, and lets users take away what they mounted.
            let words = timing == .lazily ? ["-u", "-z", "--"] : ["-u", "--"]
            let status = ChildProcess.run("fusermount3", words + [directory])
            guard status == 0 else { throw .busy(directory: directory) }
        default: throw .refused(what: "unmount", directory: directory, errno: errno)
        }
    }

    private static func failure(to directory: String, _ errno: CInt) -> FuseMountError {
        errno == ENOENT
            ? .missingDirectory(directory)
            : .refused(what: "look up", directory: directory, errno: errno)
    }

    /// What a symbolic link says; `nil` for anything else.
    private static func target(of path: String) -> String? {
        try? FileManager.default.destinationOfSymbolicLink(atPath: path)
    }

    private static func resolved(_ path: String) -> String? {
        guard let result = unsafe realpath(path, nil) else { return nil }
        defer { unsafe free(result) }
        return unsafe String(cString: result)
    }
}
