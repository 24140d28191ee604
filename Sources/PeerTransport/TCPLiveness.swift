// SPDX-License-Identifier: Apache-2.0
import Glibc
import NIOCore

/// Lets the kernel end connections to machines that are gone without a word.
///
/// Needed because pings find a dead worker sooner; this ends what they do not watch: a connection that
/// is being shut down, bytes that the other end never acknowledges.
enum TCPLiveness {
    /// For every TCP connection, on both ends: keepalive after 15 s without traffic, dead after three
    /// probes 5 s apart; bytes unacknowledged, or a closed window, for 30 s.
    ///
    /// - Source: tcp(7), RFC 5482.
    static let options: [(option: ChannelOptions.Types.SocketOption, value: SocketOptionValue)] = [
        (.socketOption(.so_keepalive), 1),
        (.tcpOption(.init(rawValue: TCP_KEEPIDLE)), 15),
        (.tcpOption(.init(rawValue: TCP_KEEPINTVL)), 5),
        (.tcpOption(.init(rawValue: TCP_KEEPCNT)), 3),
        (.tcpOption(.init(rawValue: TCP_USER_TIMEOUT)), 30_000),
    ]
}
