// SPDX-License-Identifier: Apache-2.0
import CFuse3  // `stat` is its or Glibc's, whichever the compiler met first.
import Foundation
import Primitives

/// What a serving process writes down about its mount, for `fuse status` and `fuse unmount`.
package struct MountState: Hashable, Sendable, Codable {
    /// Where it is mounted, by its canonical name.
    package let directory: String
    /// Who serves it.
    package let process: ProcessIdentity
    /// Addresses of the cluster that were asked for, as given.
    package let address: String
    /// The cluster path shown, `--path`.
    package let path: String
    /// The region whose workers are asked first.
    package let region: String
    /// Where this mount's metrics are served, `HOST:PORT`; `nil` for nowhere.
    package let metrics: String?
    /// Milliseconds since 1970.
    package let startedUnixMS: Int64
    /// Where the process's log goes; `nil` for a process in the foreground.
    package let log: String?
}

/// The directory where mount states lie, one file a mount.
package struct MountStateStore: Sendable {
    /// Where the files lie.
    package let directory: String

    /// Uses `directory`, and makes it if it is missing; it must belong to this user alone.
    package init(directory: String) throws(FuseMountError) {
        self.directory = directory
        if unsafe mkdir(directory, 0o700) != 0, errno != EEXIST {
            throw .badStateDirectory(path: directory, errno: errno)
        }
        var status = Glibc.stat()
        guard unsafe lstat(directory, &status) == 0 else {
            throw .badStateDirectory(path: directory, errno: errno)
        }
        // A directory in /tmp that somebody else made first could hold anything.
        guard status.st_mode & S_IFMT == S_IFDIR, status.st_uid == geteuid(),
            status.st_mode & 0o022 == 0
        else { throw .badStateDirectory(path: directory, errno: EPERM) }
    }

    /// `/run/tarn/mounts` for root; else `$XDG_RUNTIME_DIR/tarn`, else `/tmp/tarn-UID`.
    package static func standard() throws(FuseMountError) -> MountStateStore {
        if geteuid() == 0 {
            if unsafe mkdir("/run/tarn", 0o755) == 0 || errno == EEXIST,
                let store = try? MountStateStore(directory: "/run/tarn/mounts")
            {
                return store
            }
        } else if let runtime = ProcessInfo.processInfo.environment["XDG_RUNTIME_DIR"],
            runtime.hasPrefix("/"),
            let store = try? MountStateStore(directory: runtime + "/tarn")
        {
            return store
        }
        return try MountStateStore(directory: "/tmp/tarn-\(geteuid())")
    }

    /// Where a process in the background writes its log.
    package func logPath(of mountDirectory: String) -> String {
        path(of: mountDirectory, extension: "log")
    }

    /// Writes down a mount, in place of what was said of its directory before.
    package func write(_ state: MountState) throws(FuseMountError) {
        let path = path(of: state.directory, extension: "json")
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        guard let content = try? encoder.encode(state) else {
            throw .badStateDirectory(path: path, errno: EINVAL)
        }
        try SmallFile.replace(path, with: Array(content))
    }

    /// What the process serving `mountDirectory` wrote; `nil` if nothing readable is there.
    package func state(of mountDirectory: String) -> MountState? {
        let path = path(of: mountDirectory, extension: "json")
        guard let content = try? SmallFile.read(path, limit: 64 << 10),
            let state = try? JSONDecoder().decode(MountState.self, from: Data(content)),
            state.directory == mountDirectory
        else { return nil }
        return state
    }

    /// Forgets a mount, unless another process than `process` has taken the directory since.
    package func remove(_ mountDirectory: String, of process: ProcessIdentity?) {
        if let state = state(of: mountDirectory), let process, state.process != process { return }
        unsafe unlink(path(of: mountDirectory, extension: "json"))
    }

    private func path(of mountDirectory: String, extension suffix: String) -> String {
        let hash = XXH64.hash(Array(mountDirectory.utf8))
        let digits = String(hash, radix: 16)
        return directory + "/" + String(repeating: "0", count: 16 - digits.count) + digits
            + "." + suffix
    }
}
