// SPDX-License-Identifier: Apache-2.0
import Glibc
package import NIOCore

/// Lets the kernel end connections to machines that are gone without a word.
///
/// A page connection may be idle for hours, and its own silence is only watched while requests wait;
/// the pings of a peer connection do not watch one that is being shut down.
package enum TCPLiveness {
    /// For every TCP connection between workers, on both ends: keepalive after 15 s without traffic,
    /// dead after three probes 5 s apart; bytes unacknowledged, or a closed window, for 30 s.
    ///
    /// - Source: tcp(7), RFC 5482.
    package static let options:
        [(option: ChannelOptions.Types.SocketOption, value: SocketOptionValue)] = [
            (.socketOption(.so_keepalive), 1),
            (.tcpOption(.init(rawValue: TCP_KEEPIDLE)), 15),
            (.tcpOption(.init(rawValue: TCP_KEEPINTVL)), 5),
            (.tcpOption(.init(rawValue: TCP_KEEPCNT)), 3),
            (.tcpOption(.init(rawValue: TCP_USER_TIMEOUT)), 30_000),
        ]
}
