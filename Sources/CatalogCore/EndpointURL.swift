// SPDX-License-Identifier: Apache-2.0

import Primitives

/// The option `endpoint` of an S3 origin: where the store answers.
///
/// Host in lower case, default port left out, no trailing slash: one spelling for one endpoint, because
/// origin ids depend on it.
/// - Source: RFC 3986 §3.2, §6.2.
struct EndpointURL: Equatable {
    let normalised: String

    /// Reads `http[s]://HOST[:PORT][/]`; `nil` for user information, a path, a query or a bad host.
    init?(_ text: String) {
        let lowered = text.utf8.map { $0.loweredASCII }
        let schemes: [(prefix: String, port: Int)] = [("http://", 80), ("https://", 443)]
        guard let scheme = schemes.first(where: { lowered.starts(with: $0.prefix.utf8) })
        else { return nil }

        var authority = lowered[scheme.prefix.utf8.count...]
        if authority.last == slash { authority.removeLast() }
        guard let (host, rest) = Self.splitHost(authority), let port = Self.port(rest)
        else { return nil }

        let shown = port == nil || port == scheme.port ? "" : ":\(port ?? scheme.port)"
        normalised = scheme.prefix + String(decoding: host, as: UTF8.self) + shown
    }

    /// Cuts the host (a name, an address, or an address in brackets) from what follows it.
    private static func splitHost(
        _ authority: ArraySlice<UInt8>
    ) -> (host: ArraySlice<UInt8>, rest: ArraySlice<UInt8>)? {
        let isBracketed = authority.first == UInt8(ascii: "[")
        let end =
            isBracketed
            ? authority.firstIndex(of: UInt8(ascii: "]")).map { $0 + 1 }
            : authority.firstIndex(of: UInt8(ascii: ":")) ?? authority.endIndex
        guard let end else { return nil }

        let host = authority[..<end]
        let inner = isBracketed ? host.dropFirst().dropLast() : host
        let others = isBracketed ? ":.".utf8 : "-._".utf8
        guard (1...253).contains(inner.count),
            inner.allSatisfy({ $0.isASCIILetterOrDigit || others.contains($0) })
        else { return nil }
        return (host, authority[end...])
    }

    /// Reads `:PORT` or nothing; the outer optional is `nil` for anything else.
    private static func port(_ rest: ArraySlice<UInt8>) -> Int?? {
        guard let colon = rest.first else { return .some(nil) }
        let digits = rest.dropFirst()
        guard colon == UInt8(ascii: ":"), (1...5).contains(digits.count),
            digits.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) })
        else { return nil }
        let port = digits.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
        return (1...65_535).contains(port) ? .some(port) : nil
    }
}

extension UInt8 {
    fileprivate var loweredASCII: UInt8 {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(self) ? self + 32 : self
    }
}
