// SPDX-License-Identifier: Apache-2.0
import APIModel
import CatalogCore
import Primitives

extension Problem {
    /// The only translation of a refusal that is about a credential.
    init(_ refusal: CatalogRefusal, ofCredential name: String) {
        switch refusal {
        case .noSuchCredential:
            self.init(.notFound, "there is no credential '\(name)'", next: "tarn credential list")
        case .credentialInUse(let mounts, let count):
            let others = Int(clamping: count) - mounts.count
            self.init(
                .unsafeRequest,
                "credential '\(name)' signs for \(mounts.map(\.text).joined(separator: ", "))"
                    + (others > 0 ? " and \(others) more" : "")
                    + ", which could not be read without it; give them another with tarn mount update",
                next: "tarn credential remove \(shellWord(name)) --force"
            )
        case .revisionMismatch(let current):
            self.init(
                .revisionMismatch,
                current == .zero
                    ? "there is no credential '\(name)'"
                    : "credential '\(name)' is at revision \(current)",
                next: "tarn credential list",
                modRevision: current.rawValue
            )
        case .badValue(let reason):
            self.init(.badValue, reason, next: "tarn credential put --help")
        case .mountExists, .noSuchMount, .noSuchWorker, .badPath, .unknownScheme, .unknownOption,
            .bucketNameTaken, .idempotencyKeyReused, .nameTaken, .alreadyFormed, .full,
            .storeRetired, .unsafe:
            self.init(refusal, path: ByteString(name))
        }
    }
}
