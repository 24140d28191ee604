// SPDX-License-Identifier: Apache-2.0

/// One metric as the exposition announces it: name, meaning, kind and label names.
package struct MetricDefinition: Hashable, Sendable {
    /// How the values of a metric behave over time.
    package enum Kind: Hashable, Sendable {
        /// Only grows; the name ends in `_total`.
        case counter
        case gauge
        /// Upper bounds of the buckets, ascending, in the unit of the name; `+Inf` is implied.
        case histogram(bounds: [Double])
    }

    /// `tarn_…`, base units, `_total` for counters.
    package let name: String
    /// One sentence for whoever meets the metric in a dashboard.
    package let help: String
    /// What ``MetricRegistry`` hands out for it.
    package let kind: Kind
    /// Label names; values are given in this order.
    package let labels: [String]

    /// A metric without labels unless `labels` names some.
    package init(_ name: String, _ kind: Kind, help: String, labels: [String] = []) {
        self.name = name
        self.help = help
        self.kind = kind
        self.labels = labels
    }
}
