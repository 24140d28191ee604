// SPDX-License-Identifier: Apache-2.0

import Synchronization
import Telemetry
import Testing

struct RegistryTests {
    static let hits = MetricDefinition("t_hits_total", .counter, help: "Hits.", labels: ["mount"])
    static let members = MetricDefinition("t_members", .gauge, help: "Who.", labels: ["state"])

    @Test func theSameLabelsGiveTheSameInstrument() {
        let registry = MetricRegistry(definitions: [Self.hits])
        registry.counter(Self.hits, "/a").add(2)
        registry.counter(Self.hits, "/a").add()
        registry.counter(Self.hits, "/b").add()
        #expect(registry.counter(Self.hits, "/a").value == 3)
        #expect(registry.counter(Self.hits, labels: ["/b"]).value == 1)
    }

    @Test func labelSetsAreBounded() {
        let registry = MetricRegistry(definitions: [Self.hits], seriesLimit: 2)
        for mount in ["/a", "/b", "/c", "/d", "/a", "/c"] {
            registry.counter(Self.hits, mount).add()
        }
        let text = registry.expositionText()
        #expect(text.contains(#"t_hits_total{mount="/a"} 2"#))
        #expect(text.contains(#"t_hits_total{mount="/b"} 1"#))
        #expect(!text.contains(#""/c""#) && !text.contains(#""/d""#))
        #expect(text.contains(#"tarn_metrics_dropped_total{metric="t_hits_total"} 3"#))
    }

    @Test func gaugesAreComputedAtEachScrape() {
        let registry = MetricRegistry(definitions: [Self.members], seriesLimit: 2)
        let alive = Mutex(1.0)
        registry.report(Self.members) { [(["alive"], alive.withLock { $0 }), (["dead"], 0)] }
        #expect(registry.expositionText().contains(#"t_members{state="alive"} 1"#))
        alive.withLock { $0 = 7 }
        #expect(registry.expositionText().contains(#"t_members{state="alive"} 7"#))

        registry.report(Self.members) { [(["suspect"], 1)] }
        #expect(!registry.expositionText().contains("suspect"), "over the limit of two")
        #expect(registry.expositionText().contains(#"dropped_total{metric="t_members"}"#))
    }

    /// Goal: no update is lost between threads.
    @Test func updatesFromManyTasksAddUp() async {
        let registry = MetricRegistry()
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    for _ in 0..<1000 {
                        registry.counter(.handoffBytes, "in").add(2)
                        registry.histogram(.raftFsyncSeconds).observe(1)
                    }
                }
            }
        }
        #expect(registry.counter(.handoffBytes, "in").value == 16_000)
        #expect(registry.expositionText().contains("tarn_raft_fsync_seconds_count 8000\n"))
    }

    // MARK: - Every metric and its labels

    // swift-format-ignore
    static let promised: [(name: String, labels: [String])] = [
        ("tarn_build_info", ["version", "commit"]),
        ("tarn_cache_read_bytes_total", ["mount", "client", "source"]),
        ("tarn_cache_misses_total", ["mount", "reason"]),
        ("tarn_origin_requests_total", ["mount", "method", "status"]),
        ("tarn_origin_breaker_open", ["origin"]),
        ("tarn_origin_read_bytes_total", ["mount", "cause"]),
        ("tarn_handoff_bytes_total", ["direction"]),
        ("tarn_raft_term", []), ("tarn_raft_is_leader", []), ("tarn_raft_commit_index", []),
        ("tarn_raft_fsync_seconds", []), ("tarn_raft_log_scrubbed_bytes_total", []),
        ("tarn_raft_log_damaged_files", []),
        ("tarn_feed_streams", []), ("tarn_feed_sent_bytes_total", []),
        ("tarn_feed_source_changes_total", []), ("tarn_catalog_staleness_seconds", []),
        ("tarn_gossip_members", ["state"]), ("tarn_gossip_dropped_total", ["reason"]), ("tarn_raft_datagrams_total", ["outcome"]),
        ("tarn_ring_epoch", ["region"]),
        ("tarn_store_pages", []), ("tarn_store_bytes", []),
        ("tarn_store_evicted_bytes_total", ["reason"]),
        ("tarn_fuse_operation_seconds", ["op"]),
        ("tarn_http_requests_total", ["route", "status"]),
        ("tarn_list_hidden_total", ["mount"]),
        ("tarn_alarm", ["kind"]),
        ("tarn_metrics_dropped_total", ["metric"]),
    ]

    @Test func everyPromisedMetricIsAnnounced() {
        let text = MetricRegistry().expositionText()
        for (name, labels) in Self.promised {
            let definition = MetricDefinition.all.first { $0.name == name }
            #expect(definition?.labels == labels, "\(name)")
            #expect(text.contains("# TYPE \(name) "))
        }
        #expect(MetricDefinition.all.count == Self.promised.count)
    }

    @Test(arguments: MetricDefinition.all)
    func namesFollowTheRules(_ definition: MetricDefinition) {
        let name = definition.name
        #expect(name.hasPrefix("tarn_"))
        #expect(name.utf8.allSatisfy { "abcdefghijklmnopqrstuvwxyz0123456789_".utf8.contains($0) })
        #expect(name.hasSuffix("_total") == (definition.kind == .counter))
        #expect(definition.help.hasSuffix("."))
        if case .histogram(let bounds) = definition.kind { #expect(bounds == bounds.sorted()) }
    }
}
