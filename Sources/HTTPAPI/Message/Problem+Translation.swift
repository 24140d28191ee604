// SPDX-License-Identifier: Apache-2.0
import APIModel
package import CatalogCore
package import Coordination
import NIOHTTP1
package import Primitives

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
                    + "repeat it with the same Idempotency-Key",
                outcome: .unknown,
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
        case .unsafe(let reason):
            self.init(.unsafeRequest, reason, next: "tarn cluster status")
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

    /// The only translation of a catalog's refusal to HTTP; `path` is the mount or the name it is about.
    package init(_ refusal: CatalogRefusal, path: ByteString) {
        switch refusal {
        case .mountExists(let entry):
            self.init(
                .mountExists,
                "\(entry.path) is mounted from \(entry.mount.origin), revision "
                    + "\(entry.modRevision); replace it with If-Match",
                next: "tarn mount show \(shellWord(entry.path.text))",
                modRevision: entry.modRevision.rawValue
            )
        case .revisionMismatch(let current):
            self.init(
                .revisionMismatch,
                current == .zero
                    ? "there is no mount at \(path)" : "\(path) is at revision \(current)",
                next: current == .zero
                    ? "tarn mount list" : "tarn mount show \(shellWord(path.text))",
                modRevision: current.rawValue
            )
        case .noSuchMount:
            self.init(.notFound, "there is no mount at \(path)", next: "tarn mount list")
        case .noSuchWorker:
            self.init(.notFound, "there is no such worker", next: "tarn worker list")
        case .badPath(let reason): self.init(.badPath, reason)
        case .badValue(let reason): self.init(.badValue, reason, next: Self.mountHelp)
        case .unknownScheme(let scheme):
            self.init(.unknownScheme, "unknown scheme \(scheme)", next: Self.mountHelp)
        case .unknownOption(let option):
            self.init(.unknownOption, "unknown option \(option)", next: Self.mountHelp)
        case .bucketNameTaken(let holder):
            self.init(
                .bucketNameTaken,
                "\(holder) has the bucket name that \(path) would get; give it another with the "
                    + "option bucket-name",
                next: "tarn mount show \(shellWord(holder.text))"
            )
        case .idempotencyKeyReused:
            self.init(
                .idempotencyKeyReused,
                "this Idempotency-Key was used for another request"
            )
        case .storeRetired(let node):
            self.init(
                .unsafeRequest,
                "the store was retired with node \(node)",
                next: "start the worker with an empty data directory"
            )
        case .nameTaken(_, let node):
            self.init(
                .unsafeRequest,
                "the name belongs to \(node), whose store is another one",
                next: "tarn worker list"
            )
        case .alreadyFormed(let cluster):
            self.init(
                .unsafeRequest,
                "the cluster \(cluster) is formed already",
                next: "tarn cluster status"
            )
        case .noSuchCredential, .credentialInUse: self.init(refusal, ofCredential: path.text)
        case .unsafe(let reason):
            self.init(.unsafeRequest, reason, next: "tarn cluster status")
        case .full(let bound):
            self.init(.overloaded, bound, headers: ["Retry-After": "60"])
        }
    }

    /// Lists what a mount may be given, with examples.
    private static let mountHelp = "tarn mount add --help"
}
