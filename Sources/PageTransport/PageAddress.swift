// SPDX-License-Identifier: Apache-2.0
/// Where a worker serves pages.
///
/// Written `host:port`, `[v6]:port` or `unix:/path`.
package enum PageAddress: Hashable, Sendable {
    case tcp(host: String, port: UInt16)
    case unix(path: String)

    /// Longest path of a unix socket, in bytes: `sun_path` of unix(7) less its NUL.
    package static let maximumPathByteCount = 107

    /// Reads the text form; `nil` for anything else.
    package init?(_ text: String) {
        if text.hasPrefix("unix:") {
            let path = String(text.dropFirst(5))
            guard path.hasPrefix("/"), path.utf8.count <= Self.maximumPathByteCount else {
                return nil
            }
            self = .unix(path: path)
            return
        }
        guard let colon = text.lastIndex(of: ":"),
            let port = UInt16(text[text.index(after: colon)...])
        else { return nil }
        var host = text[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = host.dropFirst().dropLast()
        } else if host.contains(":") {
            return nil
        }
        guard !host.isEmpty else { return nil }
        self = .tcp(host: String(host), port: port)
    }
}

extension PageAddress: CustomStringConvertible {
    package var description: String {
        switch self {
        case .unix(let path): "unix:\(path)"
        case .tcp(let host, let port):
            host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        }
    }
}
