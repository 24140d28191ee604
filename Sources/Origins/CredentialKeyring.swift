// SPDX-License-Identifier: Apache-2.0
package import Primitives

/// The keys of the cluster that this worker has: the first closes, all open.
///
/// As text, one key a line or a comma, comments from `#` on:
///
///     # since March; closes whatever is put from now on
///     tMXEhAoP4n7yT9vfwr0zXgYxZ6jH1bq5c8dKuIeLs2A=
///     # until March; opens what was closed with it
///     9f0c…64 hex digits…
///
/// Reading never quotes the text.
package struct CredentialKeyring: Sendable {
    /// Keys that one worker has at most: each is tried by its id, never by trial.
    package static let keyLimit = 32

    /// Why there is no keyring.
    package enum Refusal: Error, Hashable, Sendable, CustomStringConvertible {
        /// Lines count from 1.
        case notAKey(line: Int)
        case tooManyKeys
        case empty

        package var description: String {
            switch self {
            case .notAKey(let line):
                "line \(line) is no key; allowed are 64 hex digits, or base64 of 32 bytes"
            case .tooManyKeys: "more than \(CredentialKeyring.keyLimit) keys"
            case .empty: "no key in it"
            }
        }
    }

    /// No key twice.
    package let keys: [CredentialKey]

    package init(_ keys: [CredentialKey] = []) {
        var different: [CredentialKey] = []
        for key in keys where !different.contains(key) { different.append(key) }
        self.keys = different
    }

    package init(text: String) throws(Refusal) {
        var keys: [CredentialKey] = []
        let lines = text.split(omittingEmptySubsequences: false) { $0.isNewline || $0 == "," }
        for (index, line) in lines.enumerated() {
            let word = line.prefix { $0 != "#" }.filter { !$0.isWhitespace }
            guard !word.isEmpty else { continue }
            guard let key = CredentialKey(text: word) else { throw .notAKey(line: index + 1) }
            guard keys.count < Self.keyLimit else { throw .tooManyKeys }
            keys.append(key)
        }
        guard !keys.isEmpty else { throw .empty }
        self.init(keys)
    }

    /// What new credentials are closed with.
    package var sealing: CredentialKey? { keys.first }

    package func key(_ id: CredentialKeyID) -> CredentialKey? { keys.first { $0.id == id } }
}
