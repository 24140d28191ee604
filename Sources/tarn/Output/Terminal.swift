// SPDX-License-Identifier: Apache-2.0

import Foundation
import SystemPackage

/// The three standard streams, written without buffering and without trapping.
enum Terminal {
    static var isInputTerminal: Bool { isatty(STDIN_FILENO) == 1 }
    static var isOutputTerminal: Bool { isatty(STDOUT_FILENO) == 1 }
    static var isErrorTerminal: Bool { isatty(STDERR_FILENO) == 1 }

    /// Writes a result.
    ///
    /// - Throws: ``CommandFailure/silent(status:)`` when the reader has gone, as `head` does.
    static func write(_ bytes: some Sequence<UInt8>) throws(CommandFailure) {
        do {
            _ = try SystemPackage.FileDescriptor.standardOutput.writeAll(bytes)
        } catch Errno.brokenPipe {
            throw .silent(status: 1)
        } catch let error as Errno {
            throw .local("standard output: \(error)")
        } catch {
            throw .local("standard output cannot be written")
        }
    }

    static func write(_ text: String) throws(CommandFailure) { try write(text.utf8) }

    /// Writes a remark or an error; one that nobody can read any more is dropped.
    static func writeError(_ text: String) {
        _ = try? SystemPackage.FileDescriptor.standardError.writeAll(text.utf8)
    }
}

/// Colours, where somebody sees them.
struct Style: Sendable {
    let isColoured: Bool

    /// https://no-color.org: any value but an empty one switches colours off.
    init(
        noColor: Bool,
        isTerminal: Bool = Terminal.isOutputTerminal,
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) {
        let isRefused = !(environment["NO_COLOR"] ?? "").isEmpty || environment["TERM"] == "dumb"
        isColoured = isTerminal && !noColor && !isRefused
    }

    /// Green for what serves, yellow for what changes, red for what is gone.
    func state(_ word: String, padded: String) -> String {
        guard isColoured, let code = Self.codes[word] else { return padded }
        return "\u{1B}[\(code)m\(padded)\u{1B}[0m"
    }

    private static let codes: [String: Int] = [
        "active": 32, "alive": 32, "yes": 32, "joining": 33, "suspended": 33, "suspect": 33,
        "draining": 33, "drained": 33, "removed": 31, "dead": 31, "no": 31,
    ]
}
