// SPDX-License-Identifier: Apache-2.0

import Primitives
import Settings

/// Where the `fuse` verbs hand over to the file system.
enum FuseEntry {
    /// `fuse mount` as it was asked for.
    struct MountRequest: Sendable {
        let addresses: [HostPort]
        let directory: String
        /// The tree below this cluster path is shown.
        let path: String
        /// `nil`: that of the worker that answers.
        let region: String?
        /// As given to `-o`, split at commas; unknown ones are still to be refused.
        let options: [String]
        let isForeground: Bool
        /// `nil`: a free port of 127.0.0.1.
        let metrics: HostPort?
        /// How long the mount may take to answer.
        let timeout: Timespan
        let isQuiet: Bool
    }

    /// One mount of this machine, as `fuse status -o json` prints it.
    struct StatusRow: Codable, Sendable {
        let directory: String
        let path: String?
        let region: String?
        let pid: Int?
        /// `serving`, or `dead` where the process is gone and the mount is still there.
        let state: String
        let metrics: String?
    }

    static func mount(_ request: MountRequest) async throws(CommandFailure) {
        throw .local("\(request.directory): this build has no file system")
    }

    static func unmount(
        directory: String,
        force: Bool,
        timeout: Timespan
    ) async throws(CommandFailure) {
        throw .local("\(directory): this build has no file system")
    }

    static func status() async throws(CommandFailure) -> [StatusRow] {
        throw .local("this build has no file system")
    }
}
