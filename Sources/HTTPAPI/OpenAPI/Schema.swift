// SPDX-License-Identifier: Apache-2.0

/// The shape of one document, as the OpenAPI document tells it and as bodies are read by.
package struct Schema: Sendable {
    package indirect enum Kind: Sendable {
        case string, integer, number, boolean
        /// Another schema by name.
        case named(String)
        case list(Kind)
        /// An object with any names and values of one kind.
        case map(Kind)
        case nullable(Kind)
        case either(Kind, Kind)
        /// One of some words.
        case words([String])
    }

    package struct Member: Sendable {
        package let name: String
        package let kind: Kind
        package let isRequired: Bool
        package let summary: String
    }

    package let name: String
    package let members: [Member]
    /// Members a body may have that mean nothing in it: an answer can be sent back.
    package let readOver: [String]

    init(_ name: String, readOver: [String] = [], _ members: [Member]) {
        self.name = name
        self.members = members
        self.readOver = readOver
    }

    /// Every name a body of this shape may have.
    package var memberNames: [String] { members.map(\.name) + readOver }

    /// The schema of that name, which must exist.
    package static func named(_ name: String) -> Schema {
        guard let schema = all.first(where: { $0.name == name }) else {
            preconditionFailure("no schema '\(name)'")
        }
        return schema
    }
}

extension Schema.Member {
    /// Always there.
    static func always(_ name: String, _ kind: Schema.Kind, _ summary: String = "") -> Self {
        Self(name: name, kind: kind, isRequired: true, summary: summary)
    }

    /// May be left out or `null`.
    static func optional(_ name: String, _ kind: Schema.Kind, _ summary: String = "") -> Self {
        Self(name: name, kind: .nullable(kind), isRequired: false, summary: summary)
    }
}
