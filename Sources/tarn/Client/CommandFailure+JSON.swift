// SPDX-License-Identifier: Apache-2.0

import APIModel
import Foundation

extension CommandFailure {
    /// The problem document as one line; `nil` when nothing is to be said.
    ///
    /// One that a worker answered keeps every member that it came with, known here or not.
    package var json: String? {
        guard let document, let own = Self.members(of: document) else { return nil }
        var members = own
        if case .problem(_, let received) = self {
            let answered = try? JSONDecoder().decode([String: JSONValue].self, from: Data(received))
            members = (answered ?? [:]).merging(own) { _, ours in ours }
        }
        let bytes = try? ClusterClient.encode(members)
        return bytes.map { String(decoding: $0, as: UTF8.self) }
    }

    private static func members(of document: ProblemDocument) -> [String: JSONValue]? {
        let bytes = try? ClusterClient.encode(document)
        return bytes.flatMap { bytes in
            try? JSONDecoder().decode([String: JSONValue].self, from: Data(bytes))
        }
    }
}
