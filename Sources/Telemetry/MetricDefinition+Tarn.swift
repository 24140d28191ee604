// SPDX-License-Identifier: Apache-2.0

/// Every metric of the product.
///
/// A name is a promise to dashboards and alerts: none changes, labels are only added. The `help` of
/// each is its documentation.
extension MetricDefinition {
    /// Seconds; 100 µs … 10 s, for what waits on disks and networks.
    private static let latencyBounds: [Double] = [
        0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5,
        10,
    ]

    package static let buildInfo = Self(
        "tarn_build_info",
        .gauge,
        help: "Always 1; the release and the commit it was built from.",
        labels: ["version", "commit"]
    )
    package static let cacheReadBytes = Self(
        "tarn_cache_read_bytes_total",
        .counter,
        help: "Bytes returned to readers, counted once by the client runtime that returned them.",
        labels: ["mount", "client", "source"]
    )
    package static let cacheMisses = Self(
        "tarn_cache_misses_total",
        .counter,
        help: "Pages that were not in the cache when asked for, by the one reason why.",
        labels: ["mount", "reason"]
    )
    package static let originRequests = Self(
        "tarn_origin_requests_total",
        .counter,
        help: "Requests sent to origins, retries included; status 0: no answer came.",
        labels: ["mount", "method", "status"]
    )
    package static let originBreakerOpen = Self(
        "tarn_origin_breaker_open",
        .gauge,
        help: "1 while a failing origin is left alone between probes, else 0.",
        labels: ["origin"]
    )
    package static let originReadBytes = Self(
        "tarn_origin_read_bytes_total",
        .counter,
        help: "Body bytes received from origins, by what they were fetched for.",
        labels: ["mount", "cause"]
    )
    package static let handoffBytes = Self(
        "tarn_handoff_bytes_total",
        .counter,
        help: "Bytes of pages moved between workers after a ring change.",
        labels: ["direction"]
    )
    package static let raftTerm = Self("tarn_raft_term", .gauge, help: "Current Raft term.")
    package static let raftIsLeader = Self(
        "tarn_raft_is_leader",
        .gauge,
        help: "1 while this worker is the Raft leader, else 0."
    )
    package static let raftCommitIndex = Self(
        "tarn_raft_commit_index",
        .gauge,
        help: "Index of the newest log entry known to be committed."
    )
    package static let raftFsyncSeconds = Self(
        "tarn_raft_fsync_seconds",
        .histogram(bounds: latencyBounds),
        help: "Time to make one batch of the Raft log durable."
    )
    package static let raftLogScrubbedBytes = Self(
        "tarn_raft_log_scrubbed_bytes_total",
        .counter,
        help: "Bytes of the Raft log read again and checked while it was in use."
    )
    package static let raftLogDamagedFiles = Self(
        "tarn_raft_log_damaged_files",
        .gauge,
        help: "Files of the Raft log that are not what was written, by the last look at each."
    )
    package static let feedStreams = Self(
        "tarn_feed_streams",
        .gauge,
        help: "Workers that are fed the catalog by this one."
    )
    package static let feedSentBytes = Self(
        "tarn_feed_sent_bytes_total",
        .counter,
        help: "Bytes of catalog states, commands and beacons sent to the workers fed by this one."
    )
    package static let feedChanges = Self(
        "tarn_feed_source_changes_total",
        .counter,
        help: "Times that this worker left a source of its feed, or lost it."
    )
    package static let catalogStaleness = Self(
        "tarn_catalog_staleness_seconds",
        .gauge,
        help: "How long ago this worker's catalog was known to be complete, at most; absent: never."
    )
    package static let gossipMembers = Self(
        "tarn_gossip_members",
        .gauge,
        help: "Members as gossip sees them.",
        labels: ["state"]
    )
    package static let gossipDropped = Self(
        "tarn_gossip_dropped_total",
        .counter,
        help: "Gossip datagrams left out, received or to be sent.",
        labels: ["reason"]
    )
    package static let raftDatagrams = Self(
        "tarn_raft_datagrams_total",
        .counter,
        help: "Messages of consensus in datagrams, beside links that lose packets.",
        labels: ["outcome"]
    )
    package static let ringEpoch = Self(
        "tarn_ring_epoch",
        .gauge,
        help: "Epoch of the region's ring that this worker routes by.",
        labels: ["region"]
    )
    package static let storePages = Self(
        "tarn_store_pages",
        .gauge,
        help: "Pages in this worker's cache."
    )
    package static let storeBytes = Self(
        "tarn_store_bytes",
        .gauge,
        help: "Bytes allocated on disk for this worker's cache."
    )
    package static let storeEvictedBytes = Self(
        "tarn_store_evicted_bytes_total",
        .counter,
        help: "Bytes evicted from this worker's cache.",
        labels: ["reason"]
    )
    package static let fuseOperationSeconds = Self(
        "tarn_fuse_operation_seconds",
        .histogram(bounds: latencyBounds),
        help: "Time to answer one request of the kernel.",
        labels: ["op"]
    )
    package static let httpRequests = Self(
        "tarn_http_requests_total",
        .counter,
        help: "HTTP requests answered, by route pattern and status.",
        labels: ["route", "status"]
    )
    package static let listHidden = Self(
        "tarn_list_hidden_total",
        .counter,
        help: "Keys left out of listings because POSIX cannot show them.",
        labels: ["mount"]
    )
    package static let alarm = Self(
        "tarn_alarm",
        .gauge,
        help: "1 while an alarm of this kind needs a person, else 0.",
        labels: ["kind"]
    )
    package static let metricsDropped = Self(
        "tarn_metrics_dropped_total",
        .counter,
        help: "Label sets refused because their metric already has as many as it may.",
        labels: ["metric"]
    )

    /// Every definition of this file, in the order of the contract.
    package static let all: [Self] = [
        buildInfo, cacheReadBytes, cacheMisses, originRequests, originBreakerOpen,
        originReadBytes, handoffBytes,
        raftTerm, raftIsLeader, raftCommitIndex, raftFsyncSeconds, raftLogScrubbedBytes,
        raftLogDamagedFiles, feedStreams, feedSentBytes, feedChanges, catalogStaleness,
        gossipMembers, gossipDropped, raftDatagrams, ringEpoch,
        storePages, storeBytes, storeEvictedBytes, fuseOperationSeconds, httpRequests, listHidden,
        alarm, metricsDropped,
    ]
}
