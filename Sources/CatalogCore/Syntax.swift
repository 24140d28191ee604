// SPDX-License-Identifier: Apache-2.0

import Primitives

let slash = UInt8(ascii: "/")

extension UInt8 {
    var isASCIILetterOrDigit: Bool {
        switch self {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: false
        }
    }
}

/// Names of workers, regions, zones and credentials.
///
/// They stand in keys, URLs, labels and file names, so they are kept to what needs quoting nowhere.
package enum NameSyntax {
    /// The rule of ``isValid(_:)``, for messages.
    package static let rule =
        "1 to 128 letters, digits, '.', '_' or '-', not beginning with '.' or '-'"

    /// Whether `name` is 1...128 ASCII letters, digits, `.`, `_`, `-`, not beginning with `.` or `-`.
    package static func isValid(_ name: String) -> Bool {
        guard (1...128).contains(name.utf8.count), let first = name.utf8.first,
            first.isASCIILetterOrDigit || first == UInt8(ascii: "_")
        else { return false }
        return name.utf8.allSatisfy { $0.isASCIILetterOrDigit || "._-".utf8.contains($0) }
    }
}

/// Keys of repeated requests: 1...64 printable ASCII characters.
func isIdempotencyKey(_ key: String) -> Bool {
    (1...64).contains(key.utf8.count) && key.utf8.allSatisfy { (0x20...0x7E).contains($0) }
}

/// Bytewise order of UTF-8: the same on every machine, whatever its Unicode tables.
func precedes(_ lhs: String, _ rhs: String) -> Bool {
    lhs.utf8.lexicographicallyPrecedes(rhs.utf8)
}

/// Bytewise equality, unlike `==`, which follows Unicode.
func isSame(_ lhs: String, _ rhs: String) -> Bool { lhs.utf8.elementsEqual(rhs.utf8) }
