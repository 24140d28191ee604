// SPDX-License-Identifier: Apache-2.0
import PageTransport
package import Primitives
import SystemIO

/// Gives memory back once the worker rests.
///
/// Page buffers that are free are kept, because mapping them anew for each page doubles what it costs
/// (``tuneAllocator()``). What a load has left behind would then stay for good: of three voters, after
/// 60,000 writes, a third of all they held (`Benchmarks/coordination`). So it goes when nothing needs it
/// soon: in the first quiet moments after a busy one. More than one, because a load is followed by what
/// is written down of it, a checkpoint and perhaps a snapshot.
///
///     busy ──2 s with less than a tenth of a core──▶ given back, four times ──more──▶ busy
package struct RestingMemory {
    /// From one look to the next.
    package static let interval = Timespan.seconds(2)
    /// Of one core, in percent: a voter without clients takes two or three.
    private static let restPercent: UInt64 = 10

    /// How often memory is given back behind a busy time.
    private static let times = 4

    private var timesLeft = times
    private var before: UInt64

    /// `processorTime` is what the process has used so far, in nanoseconds.
    package init(processorTime: UInt64) { before = processorTime }

    /// Looks again, ``interval`` after the last time; whether memory is to be given back now.
    package mutating func isDue(processorTime: UInt64) -> Bool {
        let spent = processorTime - min(before, processorTime)
        before = processorTime
        let isBusy = spent * 100 >= Self.interval.milliseconds * 1_000_000 * Self.restPercent
        if isBusy {
            timesLeft = Self.times
        } else if timesLeft > 0 {
            timesLeft -= 1
            return true
        }
        return false
    }

    /// Gives memory back whenever it is due, until cancelled.
    static func run() async {
        var memory = RestingMemory(processorTime: SystemClock.processorTime)
        while (try? await Task.sleep(for: interval.duration)) != nil {
            if memory.isDue(processorTime: SystemClock.processorTime) { trimAllocator() }
        }
    }
}
