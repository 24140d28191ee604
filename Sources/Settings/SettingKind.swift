// SPDX-License-Identifier: Apache-2.0

package import Primitives

/// The type of a key: what its values look like, in the file and as text.
package enum SettingKind: Hashable, Sendable {
    /// A name: 1...63 letters, digits, `-`, `_` and `.`, a letter or digit first.
    case identifier
    case path
    /// A path that fits `sun_path`: at most 107 bytes (unix(7)).
    case socket
    case host
    case endpoint
    case boolean
    case choice([String])
    case endpoints
    case paths
    /// `- { path: P, capacity: C }`, as text `P=C,…`.
    case disks
    /// `NAME: { file: F }`, as text `NAME=F,…`.
    case credentials

    /// What the documentation calls it.
    package var typeName: String {
        switch self {
        case .identifier: "name"
        case .path, .socket: "path"
        case .host: "host"
        case .endpoint: "host:port"
        case .boolean: "boolean"
        case .choice: "word"
        case .endpoints: "list of host:port"
        case .paths: "list of paths"
        case .disks: "list of {path, capacity}"
        case .credentials: "map of name to {file}"
        }
    }

    /// The unit of its numbers, for the documentation.
    package var unit: String {
        switch self {
        case .disks: "B, KiB, MiB, GiB, TiB"
        case .identifier, .path, .socket, .host, .endpoint, .boolean, .choice, .endpoints, .paths,
            .credentials:
            "–"
        }
    }

    /// What may be given, as the end of a sentence that begins with "allowed is".
    package var allowed: String {
        switch self {
        case .identifier: "1 to 63 letters, digits, '-', '_' and '.', a letter or digit first"
        case .path: "a path of 1 to 4095 bytes"
        case .socket: "a path of 1 to \(Self.socketByteLimit) bytes"
        case .host: "an address or a DNS name, without a port"
        case .endpoint: "HOST:PORT or [IPv6]:PORT, port 0 to 65535"
        case .boolean: "true or false"
        case .choice(let words): words.joined(separator: ", ")
        case .endpoints: "a list of HOST:PORT"
        case .paths: "a list of absolute paths"
        case .disks:
            "a list of a path and a capacity of \(Self.smallestDisk) to \(Self.largestDisk), such as 800GiB"
        case .credentials: "names, each with the path of a file"
        }
    }

    /// Whether its text form is separated by commas.
    package var isList: Bool {
        switch self {
        case .endpoints, .paths, .disks, .credentials: true
        case .identifier, .path, .socket, .host, .endpoint, .boolean, .choice: false
        }
    }

    /// `sun_path` holds 108 bytes and its end (unix(7)).
    package static let socketByteLimit = 107
    /// Sixteen pages: less would thrash on one read-ahead window.
    package static let smallestDisk = ByteCount.mebibytes(16)
    package static let largestDisk = ByteCount.gibibytes(1 << 20)
}
