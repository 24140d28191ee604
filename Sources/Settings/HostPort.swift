// SPDX-License-Identifier: Apache-2.0

/// A host and a port as operators write them: `127.0.0.1:7400`, `[::1]:7400`, `cache-1.lake:7400`.
///
/// The host is an address or a DNS name, IPv6 without its brackets; it is resolved at each connection,
/// never here. Port 0 stands for a free port that the system chooses.
package struct HostPort: Hashable, Sendable {
    package let host: String
    package let port: UInt16

    package init(host: String, port: UInt16) {
        self.host = host
        self.port = port
    }

    /// Reads `HOST:PORT` or `[IPv6]:PORT`; `nil` for anything else.
    package init?(_ text: String) {
        guard let colon = text.lastIndex(of: ":") else { return nil }
        let digits = text[text.index(after: colon)...]
        guard !digits.isEmpty, digits.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }),
            let port = UInt16(digits), let host = Self.host(in: text[..<colon])
        else { return nil }
        self.init(host: host, port: port)
    }

    /// Whether only this machine can reach it: `localhost`, 127.0.0.0/8 or ::1.
    package var isLoopback: Bool {
        host == "localhost" || host == "::1" || (host.hasPrefix("127.") && Self.isIPv4(host))
    }

    /// Whether it stands for every address of this machine.
    package var isWildcard: Bool { host == "0.0.0.0" || host == "::" }

    /// Whether `text` can stand before the colon: an IPv4 address or a DNS name (RFC 1123 §2.1).
    package static func isHostName(_ text: some StringProtocol) -> Bool {
        guard (1...253).contains(text.utf8.count) else { return false }
        return text.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { label in
            (1...63).contains(label.utf8.count) && label.utf8.allSatisfy(isNameByte)
                && label.first != "-" && label.last != "-"
        }
    }

    /// Whether `text` looks like an IPv6 address without brackets (checked in full when it is bound).
    package static func isIPv6(_ text: some StringProtocol) -> Bool {
        text.contains(":") && text.utf8.count <= 45
            && text.utf8.allSatisfy { byte in
                byte == UInt8(ascii: ":") || byte == UInt8(ascii: ".") || isHexadecimal(byte)
            }
    }

    private static func host(in text: Substring) -> String? {
        if text.hasPrefix("["), text.hasSuffix("]") {
            let inner = text.dropFirst().dropLast()
            return isIPv6(inner) ? String(inner) : nil
        }
        return isHostName(text) ? String(text) : nil
    }

    private static func isIPv4(_ text: String) -> Bool {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts.allSatisfy { UInt8($0) != nil }
    }

    private static func isHexadecimal(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x41...0x46).contains(byte) || (0x61...0x66).contains(byte)
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte)
            || (0x61...0x7A).contains(byte) || byte == UInt8(ascii: "-")
            || byte == UInt8(ascii: "_")
    }
}

extension HostPort: CustomStringConvertible {
    /// The spelling that ``init(_:)`` reads.
    package var description: String {
        host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    }
}
