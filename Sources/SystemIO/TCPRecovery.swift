// SPDX-License-Identifier: Apache-2.0
import Glibc
package import NIOCore

/// Lets the kernel send again at once what a bad network lost, on connections of few small messages.
///
/// A heartbeat is worth nothing a second later, and TCP keeps the order: one packet that is lost, and
/// lost again, holds up all behind it for 0.2, 0.6, 1.4, 3 s. With these options it is some 30 ms each
/// time, or a little more than the round trip where that is longer. Measured with three packets in ten
/// lost among five voters: Docs/coordination.md.
package enum TCPRecovery {
    /// For connections between voters, on both ends; what this kernel does not know is left out
    /// (all but the first need Linux 6.15).
    ///
    /// - Source: tcp(7), the kernel's ip-sysctl.rst and tcp-thin.rst.
    package static let options:
        [(option: ChannelOptions.Types.SocketOption, value: SocketOptionValue)] =
            wanted.filter(isKnown).map { (.tcpOption(.init(rawValue: $0.name)), $0.value) }

    private struct Wanted {
        let name: CInt
        let value: SocketOptionValue
    }

    private static let wanted = [
        // The same pause before every repetition, not twice as long each time.
        Wanted(name: TCP_THIN_LINEAR_TIMEOUTS, value: 1),
        // TCP_RTO_MAX_MS: the longest such pause, where it doubles all the same (more than three packets
        // are under way, or one was repeated six times); 120,000 otherwise.
        Wanted(name: 44, value: 1_000),
        // TCP_RTO_MIN_US: the shortest such pause, in microseconds; 200,000 otherwise.
        Wanted(name: 45, value: 30_000),
        // TCP_DELACK_MAX_US: what is acknowledged later than that would be sent twice.
        Wanted(name: 46, value: 10_000),
    ]

    private static func isKnown(_ option: Wanted) -> Bool {
        let descriptor = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        var value = CInt(option.value)
        let size = socklen_t(MemoryLayout<CInt>.size)
        return unsafe setsockopt(descriptor, CInt(IPPROTO_TCP), option.name, &value, size) == 0
    }
}
