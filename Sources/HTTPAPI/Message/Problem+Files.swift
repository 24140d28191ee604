// SPDX-License-Identifier: Apache-2.0
import APIModel
package import ClientRuntime
import NIOHTTP1

extension Problem {
    /// The only translation of a file error to HTTP; `path` is the cluster path that was asked for.
    package init(_ error: FileError, path: String) {
        self.init(error, about: path)
        document.next = Self.next(after: error, path: path)
    }

    /// The same about what is no cluster path, such as an origin.
    package init(_ error: FileError, about object: String) {
        switch error {
        case .notFound:
            self.init(.notFound, "\(object): no such file or directory")
        case .notADirectory:
            self.init(.notFound, "\(object) is not a directory; read it at /v1/files\(object)")
        case .isADirectory:
            self.init(
                .notFound,
                "\(object) is a directory; list it with /v1/list?path=\(object)"
            )
        case .accessDenied(let code):
            let stated = code.isEmpty ? "" : " (\(code))"  // An answer to HEAD states none.
            self.init(
                .notAuthorised,
                "\(object): the origin refuses access\(stated)",
                status: .forbidden
            )
        case .stale:
            self.init(
                .versionVanished,
                "\(object): the version being read exists nowhere any more"
            )
        case .invalidPath(let reason): self.init(.badPath, reason)
        case .rangeNotSatisfiable(let size):
            self.init(
                .rangeNotSatisfiable,
                "\(object) has \(size) bytes",
                headers: ["Content-Range": "bytes */\(size)"]
            )
        case .timedOut: self.init(.timeout, "\(object): nobody answered in time")
        case .originTimedOut(let afterMS):
            self.init(.timeout, "\(object): the origin did not answer within \(afterMS) ms")
        case .originFailed(let reason): self.init(.originFailed, "\(object): \(reason)")
        case .staleCatalog(let ageMS):
            self.init(
                .behind,
                "\(object): this worker's catalog is \(ageMS) ms old, older than the mount allows",
                headers: ["Retry-After": "1"]
            )
        case .overloaded:
            self.init(.overloaded, "\(object): too many reads", headers: ["Retry-After": "1"])
        case .misconfigured(let reason):
            self.init(.originFailed, "\(object): the mount cannot work: \(reason)")
        case .unknownCredential(let name):
            self.init(
                .unknownCredential,
                "\(object): there is no credential '\(name)'; tarn credential put keeps one for all "
                    + "workers, 'credentials' in the configuration names a file for one"
            )
        case .corrupt:
            self.init(.originFailed, "\(object): every copy of the bytes failed its checksum")
        }
    }

    /// What shows more, or does what was meant.
    private static func next(after error: FileError, path: String) -> String? {
        let word = shellWord(path)
        return switch error {
        case .notFound:
            "tarn fs ls \(shellWord(parent(of: path)))"
        case .isADirectory: "tarn fs ls \(word)"
        case .notADirectory, .stale, .rangeNotSatisfiable: "tarn fs stat \(word)"
        case .accessDenied, .originFailed, .originTimedOut, .misconfigured, .unknownCredential:
            "tarn mount resolve \(word)"
        case .timedOut, .staleCatalog: "tarn cluster status"
        case .invalidPath, .overloaded, .corrupt: nil
        }
    }

    private static func parent(of path: String) -> String {
        guard let slash = path.utf8.dropLast().lastIndex(of: UInt8(ascii: "/")),
            slash > path.startIndex
        else { return "/" }
        return String(path[..<slash])
    }
}

/// One word of a shell's command line, quoted where the shell would read it otherwise.
func shellWord(_ text: String) -> String {
    let isPlain = text.utf8.allSatisfy { byte in
        UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte
            || UInt8(ascii: "A")...UInt8(ascii: "Z") ~= byte
            || UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte || "/._-+=:,@%".utf8.contains(byte)
    }
    guard !isPlain || text.isEmpty else { return text }
    return "'\(text.replacing("'", with: "'\\''"))'"
}
