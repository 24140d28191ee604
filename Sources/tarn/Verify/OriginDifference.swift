// SPDX-License-Identifier: Apache-2.0

/// One thing that is not the same in every region.
package struct OriginDifference: Encodable, Hashable, Sendable {
    package enum Kind: String, Encodable, Sendable {
        /// The object is not everywhere.
        case missing
        case size
        case content
        /// It could not be looked at somewhere.
        case unreadable
        /// The listings differ outside of the sample.
        case unsampled
    }

    package let what: Kind
    /// Of the object, relative to the mount; empty for ``Kind/unsampled``.
    package let name: String
    /// What was found, by region.
    package let found: [String: String]

    package init(_ what: Kind, _ name: String, _ found: [String: String]) {
        self.what = what
        self.name = name
        self.found = found
    }

    /// One line.
    package var text: String {
        let places = found.sorted { $0.key < $1.key }
            .map { "\($0.key): \(TextTable.shown($0.value))" }.joined(separator: ", ")
        let object = name.isEmpty ? "" : " \(TextTable.shown(name))"
        return "\(what.rawValue)\(object)  (\(places))"
    }
}
