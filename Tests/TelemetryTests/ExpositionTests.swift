// SPDX-License-Identifier: Apache-2.0

import Telemetry
import Testing

struct ExpositionTests {
    static let requests = MetricDefinition(
        "t_requests_total",
        .counter,
        help: "Requests: a \\ and\na line.",
        labels: ["route", "status"]
    )
    static let level = MetricDefinition("t_level", .gauge, help: "Level.")
    static let wait = MetricDefinition(
        "t_wait_seconds",
        .histogram(bounds: [0.005, 0.5, 2]),
        help: "Wait.",
        labels: ["op"]
    )

    /// Goal: the whole text, byte for byte, of every kind: format 0.0.4.
    @Test func theWholeText() {
        let registry = MetricRegistry(definitions: [Self.wait, Self.requests, Self.level])
        registry.counter(Self.requests, "/b", "200").add(3)
        registry.counter(Self.requests, "/a\"\\\n", "404").add()
        registry.gauge(Self.level).set(-1.5)
        let wait = registry.histogram(Self.wait, "read")
        for value in [0.001, 0.005, 0.25, 1.5, 99] { wait.observe(value) }
        wait.observe(Duration.milliseconds(250))

        #expect(
            registry.expositionText() == #"""
                # HELP t_level Level.
                # TYPE t_level gauge
                t_level -1.5
                # HELP t_requests_total Requests: a \\ and\na line.
                # TYPE t_requests_total counter
                t_requests_total{route="/a\"\\\n",status="404"} 1
                t_requests_total{route="/b",status="200"} 3
                # HELP t_wait_seconds Wait.
                # TYPE t_wait_seconds histogram
                t_wait_seconds_bucket{op="read",le="0.005"} 2
                t_wait_seconds_bucket{op="read",le="0.5"} 4
                t_wait_seconds_bucket{op="read",le="2"} 5
                t_wait_seconds_bucket{op="read",le="+Inf"} 6
                t_wait_seconds_sum{op="read"} 101.006
                t_wait_seconds_count{op="read"} 6

                """# + """
                    # HELP tarn_metrics_dropped_total Label sets refused because their metric already \
                    has as many as it may.
                    # TYPE tarn_metrics_dropped_total counter

                    """
        )
    }

    // swift-format-ignore
    static let numbers: [(value: Double, text: String)] = [
        (0, "0"), (1, "1"), (0.25, "0.25"), (1e15, "1000000000000000"), (-2, "-2"),
        (.infinity, "+Inf"), (-.infinity, "-Inf"), (.nan, "NaN"), (1e300, "1e+300"),
    ]

    @Test(arguments: numbers)
    func numbersReadAsGoWritesThem(_ row: (value: Double, text: String)) {
        let registry = MetricRegistry(definitions: [Self.level])
        registry.gauge(Self.level).set(row.value)
        #expect(registry.expositionText().contains("\nt_level \(row.text)\n"))
    }
}
