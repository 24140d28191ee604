// SPDX-License-Identifier: Apache-2.0
import APIModel
package import CatalogCore
package import ClientRuntime
package import Coordination
import NIOHTTP1
import Primitives

extension Problem {
    /// The only translation of a coordination error to HTTP.
    ///
    /// `answering` are the names of voters that answer, for `no-quorum`.
    package init(_ error: CoordinationError, answering: [String] = []) {
        switch error {
        case .notInitialised:
            self.init(
                .notInitialised,
                "this worker belongs to no cluster yet",
                next: "tarn cluster init"
            )
        case .noQuorum(let have, let need, let missing):
            self.init(
                .noQuorum,
                "\(have) of \(have + missing.count) voters answer"
                    + (answering.isEmpty ? "" : " (\(answering.joined(separator: ", ")))")
                    + ", \(need) are needed; unreachable: \(missing.joined(separator: ", "))",
                next: "tarn cluster status"
            )
        case .noLeader:
            self.init(
                .noLeader,
                "enough voters answer, but none leads yet",
                next: "tarn cluster status",
                headers: ["Retry-After": "1"]
            )
        case .outcomeUnknown:
            self.init(
                .outcomeUnknown,
                "the change was handed on and may still take effect; "
                outcome: .unknown,
                    + "repeat it with the same Idempotency-Key",
                headers: ["Retry-After": "1"]
            )
        case .overloaded:
            self.init(
                .overloaded,
                "too many changes are waiting",
                headers: ["Retry-After": "1"]
            )
        case .behind(let have, let wanted):
            self.init(
                .behind,
                "this worker has revision \(have), \(wanted) was asked for",
                headers: ["Retry-After": "1"]
            )
        case .compacted(let oldest):
            self.init(
                .compacted,
                "revisions before \(oldest) are gone; begin again with state=true",
                oldest: oldest.rawValue
            )
        case .unsafe(let reason): self.init(.unsafeRequest, reason)
        case .badValue(let reason): self.init(.badValue, reason)
        case .notFound(let what): self.init(.notFound, what)
        case .incomplete(let state): self.init(.timeout, state, next: "tarn cluster init")
        case .unfinished(.initialisation, let state):
            self.init(.timeout, state, outcome: .unknown, next: "tarn cluster init")
        case .unfinished(.transfer, let state):
            self.init(.timeout, state, outcome: .unknown, next: "tarn cluster status")
        case .timedOut: self.init(.timeout, "nothing answered within the time given")
        }
    }

    /// The only translation of a catalog's refusal to HTTP.
    package init(_ refusal: CatalogRefusal) {
        switch refusal {
        case .mountExists(let entry):
            self.init(
                .mountExists,
                "\(entry.path) is mounted from \(entry.mount.origin), revision "
                    + "\(entry.modRevision); replace it with If-Match",
                next: "tarn mount show \(entry.path)",
                modRevision: entry.modRevision.rawValue
            )
        case .revisionMismatch(let current):
            self.init(
                .revisionMismatch,
                current == .zero ? "there is no such mount" : "the mount is at revision \(current)",
                modRevision: current.rawValue
            )
        case .noSuchMount:
            self.init(.notFound, "there is no such mount", next: "tarn mount list")
        case .noSuchWorker:
            self.init(.notFound, "there is no such worker", next: "tarn worker list")
        case .badPath(let reason): self.init(.badPath, reason)
        case .badValue(let reason): self.init(.badValue, reason)
        case .unknownScheme(let scheme):
            self.init(
                .unknownScheme,
                "origin: the scheme '\(scheme)' is not known; write s3://bucket/prefix "
                    + "or file:///directory"
            )
        case .unknownOption(let option):
            self.init(.unknownOption, "the option '\(option)' is not known")
        case .bucketNameTaken(let path):
            self.init(.bucketNameTaken, "the mount \(path) has this bucket name already")
        case .idempotencyKeyReused:
            self.init(
                .idempotencyKeyReused,
                "this Idempotency-Key was used for another request"
            )
        case .nameTaken(_, let node):
            self.init(.unsafeRequest, "the name belongs to \(node), whose store is another one")
        case .alreadyFormed(let cluster):
            self.init(.unsafeRequest, "the cluster \(cluster) is formed already")
        case .full(let bound):
            self.init(.overloaded, bound, headers: ["Retry-After": "60"])
        }
    }

    /// The only translation of a file error to HTTP; `path` is what was asked for.
    package init(_ error: FileError, path: String) {
        switch error {
        case .notFound:
            self.init(.notFound, "\(path): no such file or directory")
        case .notADirectory:
            self.init(.notFound, "\(path) is not a directory; read it at /v1/files\(path)")
        case .isADirectory:
            self.init(.notFound, "\(path) is a directory; list it with /v1/list?path=\(path)")
        case .accessDenied(let code):
            let stated = code.isEmpty ? "" : " (\(code))"  // An answer to HEAD states none.
            self.init(
                .notAuthorised,
                "\(path): the origin refuses access\(stated)",
                status: .forbidden
            )
        case .stale:
            self.init(.versionVanished, "\(path): the version being read exists nowhere any more")
        case .invalidPath(let reason): self.init(.badPath, reason)
        case .rangeNotSatisfiable(let size):
            self.init(
                .rangeNotSatisfiable,
                "\(path) has \(size) bytes",
                headers: ["Content-Range": "bytes */\(size)"]
            )
        case .timedOut: self.init(.timeout, "\(path): nobody answered in time")
        case .originFailed(let reason): self.init(.originFailed, "\(path): \(reason)")
        case .staleCatalog(let ageMS):
            self.init(
                .behind,
                "\(path): this worker's catalog is \(ageMS) ms old, older than the mount allows",
                next: "tarn cluster status",
                headers: ["Retry-After": "1"]
            )
        case .overloaded:
            self.init(.overloaded, "\(path): too many reads", headers: ["Retry-After": "1"])
        case .misconfigured(let reason):
            self.init(.originFailed, "\(path): the mount cannot work: \(reason)")
        case .corrupt:
            self.init(.originFailed, "\(path): every copy of the bytes failed its checksum")
        }
    }
}
