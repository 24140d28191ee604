// SPDX-License-Identifier: Apache-2.0
import Foundation

/// What one run measured, printed as one line of JSON.
struct Figures: Encodable, Sendable {
    var count = 0
    var failures = 0
    /// The first failure's words.
    var failure: String?
    var seconds = 0.0
    var perSecond = 0.0
    var p50MS: Double?
    var p90MS: Double?
    var p99MS: Double?
    var maxMS: Double?
    /// What the driver itself used of one core, 0...1: far below 1, or it was measured instead.
    var driverShare = 0.0
    /// Whose process was killed.
    var killed: String?
    /// The longest time without an answer while nothing was asked of the cluster.
    var usualGapMS: Double?
    /// When it ended, by the machine's monotonic clock; nanoseconds.
    var endedAtNS: Int64 = 0

    /// The figures of latencies in nanoseconds, of a run that took `nanoseconds`.
    init(latencies: [Int64], over nanoseconds: Int64, driverUsed: Int64 = 0) {
        let ordered = latencies.sorted()
        count = ordered.count
        seconds = Double(nanoseconds) / 1e9
        perSecond = nanoseconds > 0 ? Double(count) / seconds : 0
        driverShare = nanoseconds > 0 ? Double(driverUsed) / Double(nanoseconds) : 0
        endedAtNS = Clock.now
        guard let last = ordered.last else { return }
        func quantile(_ share: Double) -> Double {
            Double(ordered[min(count - 1, Int(share * Double(count)))]) / 1e6
        }
        p50MS = quantile(0.5)
        p90MS = quantile(0.9)
        p99MS = quantile(0.99)
        maxMS = Double(last) / 1e6
    }

    /// A run that measured nothing, and why.
    static func none(_ why: String) -> Self {
        var figures = Self(latencies: [], over: 0)
        figures.failure = why
        return figures
    }

    func printed() throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        print(String(decoding: try encoder.encode(self), as: UTF8.self))
    }
}
