// SPDX-License-Identifier: Apache-2.0

/// One metric as the exposition announces it: name, meaning, kind and label names.
package struct MetricDefinition: Hashable, Sendable {
    package enum Kind: Hashable, Sendable {
        /// Only grows; the name ends in `_total`.
        case counter
        case gauge
        /// Upper bounds of the buckets, ascending, in the unit of the name; `+Inf` is implied.
        case histogram(bounds: [Double])
    }

    package let name: String
    package let help: String
    package let kind: Kind
    /// Label names; values are given in this order.
    package let labels: [String]

    package init(_ name: String, _ kind: Kind, help: String, labels: [String] = []) {
        self.name = name
        self.help = help
        self.kind = kind
        self.labels = labels
    }
}
