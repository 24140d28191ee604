// SPDX-License-Identifier: Apache-2.0

extension SettingMark {
    /// `file:line:column`, as compilers and editors write it.
    var text: String { "\(file):\(line):\(column)" }
}

extension SettingKey {
    /// A problem with this key's value; a secret one is never repeated.
    func problem(at place: String, _ refusal: SettingRefusal) -> SettingProblem {
        let given = secrecy == .hidden ? "***" : Self.quoted(refusal.given)
        return SettingProblem(
            place: place,
            reason: "\(name): \(given) was given, allowed is \(refusal.detail ?? kind.allowed)"
        )
    }

    /// In quotes, on one line, and no longer than a line.
    package static func quoted(_ text: String) -> String {
        var shown = ""
        for scalar in text.unicodeScalars.prefix(80) {
            let isPrintable = scalar.value >= 0x20 && scalar.value != 0x7F
            shown.unicodeScalars.append(isPrintable ? scalar : "\u{FFFD}")
        }
        return "'\(shown)\(text.unicodeScalars.count > 80 ? "…" : "")'"
    }
}
