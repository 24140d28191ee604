// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// All metrics of one process, and their text at a scrape.
///
/// Asking for an instrument twice with the same label values gives the same object. A metric holds at
/// most `seriesLimit` label sets: the next one gets an instrument that counts but is not shown, and
/// `tarn_metrics_dropped_total{metric}` says so, because a label value that an outsider chooses must
/// not grow this process.
package final class MetricRegistry: Sendable {
    /// What a closure reports at a scrape: label values in the order of the definition, and a value.
    package typealias Sample = (labels: [String], value: Double)

    enum Series: Sendable {
        case counter(Counter)
        case gauge(Gauge)
        case histogram(Histogram)
    }

    struct Family: Sendable {
        let definition: MetricDefinition
        var series: [[String]: Series] = [:]
        var reporters: [@Sendable () -> [Sample]] = []
    }

    private let seriesLimit: Int
    private let families: Mutex<[String: Family]>

    /// Makes a registry that announces `definitions`, and the counter of dropped label sets, from the
    /// first scrape on.
    ///
    /// - Parameters:
    ///   - definitions: No name twice.
    ///   - seriesLimit: Label sets a metric; at least 1.
    package init(
        definitions: [MetricDefinition] = MetricDefinition.all,
        seriesLimit: Int = 10_000
    ) {
        precondition(seriesLimit >= 1, "a metric needs room for one label set")
        self.seriesLimit = seriesLimit
        let announced = definitions.filter { $0 != .metricsDropped } + [.metricsDropped]
        families = Mutex(
            Dictionary(uniqueKeysWithValues: announced.map { ($0.name, Family(definition: $0)) })
        )
    }

    /// The counter of one label set, made at the first call.
    ///
    /// `labels` are the values in the order of the definition.
    package func counter(_ definition: MetricDefinition, _ labels: String...) -> Counter {
        counter(definition, labels: labels)
    }

    /// The counter of one label set, for labels that are already a list.
    package func counter(_ definition: MetricDefinition, labels: [String]) -> Counter {
        precondition(definition.kind == .counter, "\(definition.name) is no counter")
        let series = series(of: definition, labels: labels) { .counter(Counter()) }
        guard case .counter(let counter) = series else { preconditionFailure("\(series)") }
        return counter
    }

    /// The gauge of one label set, made at the first call.
    package func gauge(_ definition: MetricDefinition, _ labels: String...) -> Gauge {
        precondition(definition.kind == .gauge, "\(definition.name) is no gauge")
        let series = series(of: definition, labels: labels) { .gauge(Gauge()) }
        guard case .gauge(let gauge) = series else { preconditionFailure("\(series)") }
        return gauge
    }

    /// The histogram of one label set, made at the first call.
    package func histogram(_ definition: MetricDefinition, _ labels: String...) -> Histogram {
        guard case .histogram(let bounds) = definition.kind else {
            preconditionFailure("\(definition.name) is no histogram")
        }
        let series = series(of: definition, labels: labels) {
            .histogram(Histogram(bounds: bounds))
        }
        guard case .histogram(let histogram) = series else { preconditionFailure("\(series)") }
        return histogram
    }

    /// Has a gauge, or a total that is kept elsewhere, computed at each scrape.
    ///
    /// `report` runs on the scraping thread, outside the registry's lock; it must not block. Where it
    /// reports a label set that a ``Gauge`` also holds, the report counts; samples beyond the limit
    /// of label sets are left out and counted as dropped.
    package func report(
        _ definition: MetricDefinition,
        _ report: @escaping @Sendable () -> [Sample]
    ) {
        precondition(
            definition.kind == .gauge || definition.kind == .counter,
            "\(definition.name) is a histogram"
        )
        families.withLock { families in
            precondition(families[definition.name] != nil, "\(definition.name) is not announced")
            families[definition.name]?.reporters.append(report)
        }
    }

    /// The exposition of every metric, sorted by name and labels, `text/plain; version=0.0.4`.
    package func expositionText() -> String {
        let families = families.withLock { Array($0.values) }
        let sorted = families.sorted { $0.definition.name < $1.definition.name }
        var text = ExpositionText()
        for family in sorted { text.append(reported(family)) }
        return text.rendered
    }

    // MARK: - Private

    /// The family with its reporters' samples in the place of series.
    private func reported(_ family: Family) -> Family {
        var family = family
        for report in family.reporters {
            for sample in report() {
                require(family.definition, sample.labels)
                guard family.series[sample.labels] != nil || family.series.count < seriesLimit
                else {
                    countDropped(family.definition)
                    continue
                }
                let gauge = Gauge()
                gauge.set(sample.value)
                family.series[sample.labels] = .gauge(gauge)
            }
        }
        return family
    }

    private func series(
        of definition: MetricDefinition,
        labels: [String],
        make: () -> Series
    ) -> Series {
        require(definition, labels)
        let (found, isDropped) = families.withLock { families -> (Series, Bool) in
            guard let family = families[definition.name] else {
                preconditionFailure("\(definition.name) is not announced")
            }
            if let series = family.series[labels] { return (series, false) }
            let series = make()
            guard family.series.count < seriesLimit else { return (series, true) }
            families[definition.name]?.series[labels] = series
            return (series, false)
        }
        if isDropped { countDropped(definition) }
        return found
    }

    private func countDropped(_ definition: MetricDefinition) {
        guard definition != .metricsDropped else { return }
        counter(.metricsDropped, definition.name).add()
    }

    private func require(_ definition: MetricDefinition, _ labels: [String]) {
        precondition(
            labels.count == definition.labels.count,
            "\(definition.name) has labels \(definition.labels), given \(labels)"
        )
    }
}
