// SPDX-License-Identifier: Apache-2.0

/// Where a worker may be reached: `host:port` as an operator writes it.
///
/// The host is a name, an IPv4 address or an IPv6 address in brackets. It is resolved at each new
/// connection, so a DNS name may come to mean another machine; an address is never an identity.
package struct PeerAddress: Hashable, Sendable, CustomStringConvertible {
    /// Host name or address, without brackets.
    package let host: String
    /// TCP port, 1...65535.
    package let port: Int

    /// Names a host and port.
    ///
    /// `port` is 1...65535; a value outside is refused when the connection is made.
    package init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    /// Reads `host:port` or `[v6]:port`; `nil` for anything else, a missing port included.
    package init?(_ text: String) {
        guard let colon = text.utf8.lastIndex(of: UInt8(ascii: ":")) else { return nil }
        var host = text[..<colon]
        let digits = text[text.index(after: colon)...]
        guard let port = UInt16(digits), port > 0, digits.utf8.allSatisfy({ $0 != 0x2B }) else {
            return nil
        }
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = host.dropFirst().dropLast()
        } else if host.contains(":") {
            return nil
        }
        guard !host.isEmpty else { return nil }
        self.init(host: String(host), port: Int(port))
    }

    /// The text form that ``init(_:)`` reads.
    package var description: String {
        host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    }
}
