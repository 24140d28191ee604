// SPDX-License-Identifier: Apache-2.0
package import ClientRuntime
import Glibc
import SystemPackage

/// Why a mount could not be made, found or taken away.
package enum FuseMountError: Error, Sendable, Equatable {
    /// `-o` named something that is no mount option; `nearest` is what was probably meant.
    case unknownOption(given: String, nearest: String?)
    case badOptionValue(option: String, given: String, allowed: String)
    case missingDirectory(String)
    case notADirectory(String)
    /// A living Tarn mount is on the directory already.
    case alreadyMounted(directory: String, source: String)
    /// A mount on the directory does not answer although its process lives.
    case unresponsive(directory: String)
    case notMounted(directory: String)
    /// Files below the directory are open.
    case busy(directory: String)
    /// `/dev/fuse` is missing, or may not be opened.
    case noFuseDevice(errno: CInt)
    /// The directory to show, `--path`, cannot be shown.
    case noRoot(path: String, FileError)
    /// The kernel or `fusermount3` refused.
    case refused(what: String, directory: String, errno: CInt)
    /// The directory for mount state is not usable.
    case badStateDirectory(path: String, errno: CInt)
    /// The started process said why it cannot serve; `exitCode` is the one it will end with.
    case daemonFailed(reason: String, exitCode: CInt)
    /// The started process ended without a word; `log` is the end of its log.
    case daemonDied(status: String, log: String)
    /// The started process did not answer in time; it was ended.
    case daemonTimedOut(afterMS: UInt64)
}

extension FuseMountError: CustomStringConvertible {
    /// One sentence for whoever typed the command: what, which object, why.
    package var description: String {
        switch self {
        case .unknownOption(let given, let nearest):
            "unknown mount option '\(given)'" + (nearest.map { "; did you mean '\($0)'?" } ?? "")
        case .badOptionValue(let option, let given, let allowed):
            "mount option \(option)=\(given): \(allowed)"
        case .missingDirectory(let directory): "\(directory): no such directory"
        case .notADirectory(let directory): "\(directory): not a directory"
        case .alreadyMounted(let directory, let source):
            "\(directory): already mounted (\(source)); see 'tarn fuse status'"
        case .unresponsive(let directory):
            "\(directory): the mount there does not answer; "
                + "'tarn fuse unmount \(directory) --force' ends it"
        case .notMounted(let directory): "\(directory): no Tarn mount"
        case .busy(let directory):
            "\(directory): in use; close the files below it, or 'tarn fuse unmount --force'"
        case .noFuseDevice(let errno):
            "/dev/fuse: \(errnoText(errno)); "
                + (errno == EACCES
                    ? "mount as root, or let this user open it"
                    : "load the kernel module with 'modprobe fuse'")
        case .noRoot(let path, let error): "cannot show \(path): \(error)"
        case .refused(let what, let directory, let errno):
            "\(directory): \(what): \(errnoText(errno))"
        case .badStateDirectory(let path, let errno): "\(path): \(errnoText(errno))"
        case .daemonFailed(let reason, _): reason
        case .daemonDied(let status, let log):
            "the serving process ended (\(status))" + (log.isEmpty ? "" : ": \(log)")
        case .daemonTimedOut(let milliseconds):
            "the mount did not answer within \(milliseconds) ms; the serving process was ended"
        }
    }
}

/// What `strerror` says.
func errnoText(_ code: CInt) -> String {
    Errno(rawValue: code).description
}
