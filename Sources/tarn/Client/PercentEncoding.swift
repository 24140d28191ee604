// SPDX-License-Identifier: Apache-2.0

/// Percent-encoding of request targets (RFC 3986 §2.1).
package enum PercentEncoding {
    /// A cluster path for the part of the target after `/v1/files`, decoded once by the worker.
    ///
    /// Slashes stay; `.` and `..` components are escaped as a whole, because anything on the way may
    /// resolve them, while to an object store they are names like others.
    package static func path(_ path: String) -> String {
        path.split(separator: "/", omittingEmptySubsequences: false)
            .map { segment(String($0)) }
            .joined(separator: "/")
    }

    /// One segment of a path, slashes escaped too.
    package static func segment(_ text: String) -> String {
        text == "." || text == ".." ? text.utf8.map(escaped).joined() : component(text)
    }

    /// One value of a query: everything but unreserved characters is escaped, `/` stays readable.
    package static func query(_ value: String) -> String {
        value.split(separator: "/", omittingEmptySubsequences: false)
            .map { component(String($0)) }
            .joined(separator: "/")
    }

    /// `?name=value&…` of the values that are there, or nothing.
    package static func query(_ items: [(name: String, value: String?)]) -> String {
        let present = items.compactMap { item in
            item.value.map { "\(item.name)=\(query($0))" }
        }
        return present.isEmpty ? "" : "?" + present.joined(separator: "&")
    }

    private static func component(_ text: String) -> String {
        text.utf8.map { isUnreserved($0) ? String(UnicodeScalar($0)) : escaped($0) }.joined()
    }

    private static func isUnreserved(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte)
            || (0x61...0x7A).contains(byte) || [0x2D, 0x2E, 0x5F, 0x7E].contains(byte)
    }

    private static func escaped(_ byte: UInt8) -> String {
        let digits = String(byte, radix: 16, uppercase: true)
        return digits.count == 1 ? "%0\(digits)" : "%\(digits)"
    }
}
