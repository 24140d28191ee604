// SPDX-License-Identifier: Apache-2.0
import CFuse3

/// What is agreed with the kernel in `INIT`.
enum FuseConnection {
    /// Largest read, in bytes; larger ones gained nothing.
    ///
    /// libfuse derives `max_pages` from it.
    static let largestRequest: UInt32 = 1 << 20

    /// Wanted where the kernel can.
    ///
    /// - `EXPLICIT_INVAL_DATA` in place of `AUTO_INVAL_DATA`: a node is one version, so a new time
    ///   alone must not drop its cached pages.
    /// - No `WRITEBACK_CACHE`, nothing is written; no splice, a reply is copied once (splice of
    ///   1 MiB falls back to an allocation per read, 1.29 against 0.65 CPU s/GB).
    static let wanted =
        FUSE_CAP_ASYNC_READ | FUSE_CAP_ASYNC_DIO | FUSE_CAP_PARALLEL_DIROPS
        | FUSE_CAP_READDIRPLUS | FUSE_CAP_READDIRPLUS_AUTO | FUSE_CAP_CACHE_SYMLINKS
        | FUSE_CAP_EXPLICIT_INVAL_DATA

    static func negotiate(_ connection: inout fuse_conn_info) {
        connection.want = connection.capable & UInt32(wanted)
        connection.max_write = largestRequest
        connection.max_readahead = largestRequest
        connection.max_background = 64
        connection.congestion_threshold = 48
        connection.time_gran = 1
    }
}
