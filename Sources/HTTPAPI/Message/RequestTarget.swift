// SPDX-License-Identifier: Apache-2.0
import APIModel
import Primitives

/// The target of a request, cut into path and query and otherwise left as it was sent.
///
/// The only place that looks at a raw target: nothing here decodes, collapses `//`, resolves `..`
/// or drops a trailing `/`, because all of these are different cluster paths.
///
/// - Source: RFC 9112 §3.2; `Docs/http-api.md`, "Targets".
package struct RequestTarget: Hashable, Sendable {
    /// From the first `/`, still percent-encoded.
    package let rawPath: [UInt8]
    /// Behind the first `?`, still percent-encoded; `nil` without one.
    package let rawQuery: [UInt8]?

    /// Cuts `raw`, which is in origin form (`/path?query`) or absolute form (`http://host/path`).
    ///
    /// - Throws: ``Problem`` `bad-path` for the other forms, for a `#`, and for anything but ASCII,
    ///   which no target may hold.
    package init(_ raw: String) throws(Problem) {
        let bytes = Array(raw.utf8)
        guard bytes.allSatisfy({ $0 < 0x80 }) else {
            throw Problem(.badPath, "the request target has bytes that must be percent-encoded")
        }
        guard !bytes.contains(UInt8(ascii: "#")) else {
            throw Problem(.badPath, "the request target has a '#': send it as %23")
        }

        let local = try Self.withoutAuthority(bytes)
        let mark = local.firstIndex(of: UInt8(ascii: "?")) ?? local.endIndex
        rawPath = mark == local.startIndex ? [UInt8(ascii: "/")] : Array(local[..<mark])
        rawQuery = mark == local.endIndex ? nil : Array(local[(mark + 1)...])
    }

    /// The bytes between slashes, still encoded; the part before the first slash is left out.
    package var rawSegments: [ArraySlice<UInt8>] {
        Array(
            rawPath.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
                .dropFirst()
        )
    }

    /// Whether the query says `consistency=local`, in so many bytes; written otherwise it may not show.
    var asksLocally: Bool {
        guard let rawQuery else { return false }
        return rawQuery.split(separator: UInt8(ascii: "&"))
            .contains { $0.elementsEqual("consistency=local".utf8) }
    }

    private static func withoutAuthority(_ bytes: [UInt8]) throws(Problem) -> ArraySlice<UInt8> {
        if bytes.first == UInt8(ascii: "/") { return bytes[...] }

        for scheme in ["http://", "https://"] where bytes.starts(with: scheme.utf8) {
            let authority = bytes.dropFirst(scheme.utf8.count)
            let end = authority.firstIndex { byte in
                byte == UInt8(ascii: "/") || byte == UInt8(ascii: "?")
            }
            return authority[(end ?? authority.endIndex)...]
        }
        throw Problem(.badPath, "the request target must begin with '/'")
    }
}
