// SPDX-License-Identifier: Apache-2.0

package import APIModel

/// Why a verb did not do what it was asked to: what it prints and what it exits with.
package enum CommandFailure: Error, Sendable, Equatable {
    /// A worker answered with a problem document, in these bytes: a newer one may say more in them.
    case problem(ProblemDocument, received: [UInt8] = [])
    /// Every address refused or could not be resolved; the reason of each.
    case unreachable([String])
    /// No answer within this time.
    case timedOut(String, outcome: ProblemDocument.Outcome? = nil)
    /// A connection broke, and no other attempt brought an answer.
    case lost(String, outcome: ProblemDocument.Outcome? = nil)
    /// What was answered is not what this release understands.
    case badAnswer(String)
    /// This side could not do its part: a file, a process, a terminal.
    case local(String, next: String? = nil)
    /// The command line asks for something impossible.
    case usage(String, next: String = "tarn --help")
    /// A worker's configuration is wrong.
    case configuration(String)
    /// Refused as unsafe on this side.
    case refused(String, next: String)
    /// Some of it was done.
    case partly(String, next: String)
    /// Nothing of that name.
    case notFound(String, next: String)
    /// The exit status alone: everything has been said, or nobody listens any more.
    case silent(status: Int32)

    /// What the process ends with.
    package var exitStatus: Int32 {
        switch self {
        case .problem(let document, _):
            document.knownCode?.exitCode ?? Self.exitStatus(ofHTTP: document.status)
        case .unreachable: 8
        case .timedOut: 7
        case .lost, .badAnswer, .local: 1
        case .usage, .configuration: 64
        case .refused: 4
        case .partly: 6
        case .notFound: 3
        case .silent(let status): status
        }
    }

    /// For codes of a newer release: the class of the status still says enough.
    private static func exitStatus(ofHTTP status: Int) -> Int32 {
        switch status {
        case 400: 64
        case 401, 403: 9
        case 404: 3
        case 504: 7
        default: 1
        }
    }

    /// The problem document that `-o json` prints on stderr; `nil` when nothing is to be said.
    package var document: ProblemDocument? {
        switch self {
        case .problem(let document, _): document
        case .unreachable(let reasons):
            .own(
                "connection-refused",
                "Nobody reachable",
                reasons.joined(separator: "; "),
                next: "tarn worker start --help"
            )
        case .timedOut(let text, let outcome):
            .own("timeout", "Timed out", text, outcome, next: "tarn cluster status")
        case .lost(let text, let outcome):
            .own("connection-lost", "Connection lost", text, outcome, next: "tarn cluster status")
        case .badAnswer(let text):
            .own("bad-answer", "Answer not understood", text, next: "tarn --version")
        case .local(let text, let next): .own("failed", "Failed", text, next: next)
        case .usage(let text, let next): .own("usage", "Wrong usage", text, next: next)
        case .configuration(let text):
            .own("configuration", "Wrong configuration", text, next: "tarn worker start --help")
        case .refused(let text, let next): .own("unsafe", "Refused", text, next: next)
        case .partly(let text, let next): .own("partly-done", "Partly done", text, next: next)
        case .notFound(let text, let next): .own("not-found", "Not found", text, next: next)
        case .silent: nil
        }
    }

    /// One or more lines for a person: what, which object, why, and the next command.
    package var text: String? {
        guard let document else { return nil }
        var lines = [
            "Error: \(document.title.lowercasedFirst): \(document.detail) [\(document.code)]"
        ]
        if document.outcome == .unknown {
            lines.append("It may or may not have taken effect.")
        }
        if let next = document.next { lines.append("Next: \(next)") }
        return lines.joined(separator: "\n")
    }
}

extension ProblemDocument {
    /// A problem of this side, in the shape of the API's; status 0, because there was no answer.
    static func own(
        _ code: String,
        _ title: String,
        _ detail: String,
        _ outcome: Outcome? = nil,
        next: String? = nil
    ) -> Self {
        var document = ProblemDocument(
            .internalError,
            detail: detail,
            outcome: outcome,
            next: next
        )
        document.code = code
        document.title = title
        document.status = 0
        return document
    }
}

extension String {
    fileprivate var lowercasedFirst: String { prefix(1).lowercased() + dropFirst() }
}
