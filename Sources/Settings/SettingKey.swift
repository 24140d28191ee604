// SPDX-License-Identifier: Apache-2.0

/// One row of the table that drives file, environment, flags, `--print-config` and the documentation.
package struct SettingKey: Hashable, Sendable {
    /// As in the file, levels joined by a dot: `listen.http`.
    package let name: String
    package let kind: SettingKind
    package let fallback: Fallback
    package let presence: Presence
    /// Whether a value may be shown; people paste secrets where a file name belongs.
    package let secrecy: Secrecy
    /// One sentence for the documentation.
    package let purpose: String

    /// What counts when nobody gives a value.
    package enum Fallback: Hashable, Sendable {
        /// The worker does not start without it.
        case required
        /// This text, read like a flag's.
        case text(String)
        /// Worked out at the start, as these words say.
        case computed(String)
    }

    package enum Presence: Hashable, Sendable {
        case built
        /// Known, and refused, so that nobody believes to be protected by it.
        case notBuiltYet
    }

    package enum Secrecy: Hashable, Sendable { case shown, hidden }

    package init(
        _ name: String,
        _ kind: SettingKind,
        _ fallback: Fallback,
        _ purpose: String,
        presence: Presence = .built,
        secrecy: Secrecy = .shown
    ) {
        self.name = name
        self.kind = kind
        self.fallback = fallback
        self.purpose = purpose
        self.presence = presence
        self.secrecy = secrecy
    }

    /// `listen.http` ⇒ `--listen-http`.
    package var flag: String { "--" + name.map { $0 == "." ? "-" : String($0) }.joined() }

    /// `listen.http` ⇒ `TARN_WORKER_LISTEN_HTTP`.
    package var variable: String {
        Self.variablePrefix
            + name.uppercased().map { $0 == "." || $0 == "-" ? "_" : String($0) }.joined()
    }

    /// Variables with this prefix are ours alone; other `TARN_` ones may mean anything.
    package static let variablePrefix = "TARN_WORKER_"
}
