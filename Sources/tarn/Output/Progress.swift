// SPDX-License-Identifier: Apache-2.0

package import Primitives

/// How far a long copy is, on standard error: one line redrawn on a terminal, else a line every 10 s.
///
/// Nothing is printed by what ends within the first second on a terminal, or the first 10 s elsewhere.
struct Progress {
    private let isTerminal: Bool
    private let isQuiet: Bool
    private let begin = ContinuousClock.now
    private var nextShown: ContinuousClock.Instant
    private var isLineOpen = false
    private var state = ProgressState()

    init(isQuiet: Bool, isTerminal: Bool = Terminal.isErrorTerminal) {
        self.isQuiet = isQuiet
        self.isTerminal = isTerminal
        nextShown = begin + (isTerminal ? .seconds(1) : .seconds(10))
    }

    /// Says that so many more bytes will come than was known before.
    mutating func expect(_ byteCount: UInt64) { state.total &+= byteCount }

    /// Says that so many bytes came, and shows it when it is time to.
    mutating func advance(_ byteCount: UInt64) {
        state.done &+= byteCount
        let now = ContinuousClock.now
        guard !isQuiet, now >= nextShown else { return }
        nextShown = now + (isTerminal ? .milliseconds(200) : .seconds(10))
        state.elapsed = Timespan(milliseconds: begin.milliseconds(to: now))
        if isTerminal {
            Terminal.writeError("\r\(state.text)\u{1B}[K")
            isLineOpen = true
        } else {
            Terminal.writeError(state.text + "\n")
        }
    }

    /// Takes the line away, so that what follows begins where it stood.
    mutating func end() {
        guard isLineOpen else { return }
        Terminal.writeError("\r\u{1B}[K")
        isLineOpen = false
    }
}

/// Percent, done and total, rate and time left, as one line.
package struct ProgressState: Sendable {
    /// Bytes.
    package var done: UInt64 = 0
    /// Bytes as far as they are known: of a directory, those of the files listed so far.
    package var total: UInt64 = 0
    package var elapsed = Timespan(milliseconds: 0)

    package init(done: UInt64 = 0, total: UInt64 = 0, elapsed: Timespan = Timespan(milliseconds: 0))
    {
        (self.done, self.total, self.elapsed) = (done, total, elapsed)
    }

    package var text: String {
        let (done, total) = (Double(self.done), Double(max(self.total, self.done)))
        let percent = total > 0 ? Int(done * 100 / total) : 100
        let rate = elapsed.milliseconds > 0 ? done * 1000 / Double(elapsed.milliseconds) : 0
        let left = rate > 0 ? "\(Self.time(seconds: (total - done) / rate))" : "unknown"
        return "\(percent)%  \(ByteCount(self.done)) of \(ByteCount(UInt64(total)))  "
            + "\(ByteCount(UInt64(rate)))/s  ETA \(left)"
    }

    /// Whole seconds, in the two largest units: `2h5m`, `3m20s`, `8s`.
    private static func time(seconds: Double) -> String {
        guard seconds < 360_000 else { return "over 100h" }
        let whole = Int(seconds.rounded(.up))
        if whole >= 3600 { return "\(whole / 3600)h\(whole % 3600 / 60)m" }
        return whole >= 60 ? "\(whole / 60)m\(whole % 60)s" : "\(whole)s"
    }
}

extension ContinuousClock.Instant {
    fileprivate func milliseconds(to later: Self) -> UInt64 {
        let (seconds, attoseconds) = duration(to: later).components
        return UInt64(max(seconds, 0)) * 1000 + UInt64(max(attoseconds, 0) / 1_000_000_000_000_000)
    }
}
