// SPDX-License-Identifier: Apache-2.0

/// Builds the Prometheus text exposition, format 0.0.4.
///
/// - Source: prometheus.io, "Exposition formats", text-based format.
struct ExpositionText {
    private(set) var rendered = ""

    mutating func append(_ family: MetricRegistry.Family) {
        let definition = family.definition
        rendered += "# HELP \(definition.name) \(escapedHelp(definition.help))\n"
        rendered += "# TYPE \(definition.name) \(definition.kind.word)\n"
        let keys = family.series.keys.sorted { $0.lexicographicallyPrecedes($1) }
        for key in keys {
            guard let series = family.series[key] else { continue }
            append(series, of: definition, labels: Array(zip(definition.labels, key)))
        }
    }

    private mutating func append(
        _ series: MetricRegistry.Series,
        of definition: MetricDefinition,
        labels: [(String, String)]
    ) {
        switch series {
        case .counter(let counter): line(definition.name, labels, String(counter.value))
        case .gauge(let gauge): line(definition.name, labels, number(gauge.value))
        case .histogram(let histogram):
            append(histogram, named: definition.name, labels: labels)
        }
    }

    private mutating func append(
        _ histogram: Histogram,
        named name: String,
        labels: [(String, String)]
    ) {
        let totals = histogram.snapshot()
        var cumulative: UInt64 = 0
        for (bound, count) in zip(histogram.bounds + [.infinity], totals.counts) {
            cumulative += count
            line(name + "_bucket", labels + [("le", number(bound))], String(cumulative))
        }
        line(name + "_sum", labels, number(totals.sum))
        line(name + "_count", labels, String(cumulative))
    }

    private mutating func line(_ name: String, _ labels: [(String, String)], _ value: String) {
        rendered += name
        if !labels.isEmpty {
            let pairs = labels.map { name, value in "\(name)=\"\(escapedLabel(value))\"" }
            rendered += "{\(pairs.joined(separator: ","))}"
        }
        rendered += " \(value)\n"
    }
}

extension MetricDefinition.Kind {
    fileprivate var word: String {
        switch self {
        case .counter: "counter"
        case .gauge: "gauge"
        case .histogram: "histogram"
        }
    }
}

/// As Go's client library writes it: `3`, `0.005`, `+Inf`, `-Inf`, `NaN`.
private func number(_ value: Double) -> String {
    if value.isNaN { return "NaN" }
    if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
    return Int64(exactly: value).map(String.init) ?? value.description
}

private func escapedHelp(_ text: String) -> String {
    escaped(text) { $0 == "\\" || $0 == "\n" }
}

private func escapedLabel(_ text: String) -> String {
    escaped(text) { $0 == "\\" || $0 == "\n" || $0 == "\"" }
}

private func escaped(_ text: String, where isSpecial: (Unicode.Scalar) -> Bool) -> String {
    var result = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
        if isSpecial(scalar) { result.append("\\") }
        result.append(scalar == "\n" ? "n" : scalar)
    }
    return String(result)
}
