// SPDX-License-Identifier: Apache-2.0

import APIModel
import AsyncHTTPClient
import ClientRuntime
import Foundation
import FuseMount
import Logging
import NIOCore
import NIOPosix
import Origins
import PageTransport
import Primitives
import Settings
import Telemetry
import UnixSignals

/// The process behind one mount: the client runtime under libfuse, until it is unmounted.
struct FuseProcess {
    let request: FuseEntry.MountRequest
    let options: FuseMountOptions

    /// Serves until the mount is gone; tells whoever started the process how far it got.
    func run() async throws(CommandFailure) {
        do throws(CommandFailure) {
            try await serve()
        } catch {
            FuseDaemon.reportFailure(
                error.document?.detail ?? "it ended",
                exitCode: error.exitStatus
            )
            throw error
        }
    }

    private func serve() async throws(CommandFailure) {
        tuneAllocator()
        let log = makeLogger()
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 2)
        let pool = NIOThreadPool(numberOfThreads: 32)  // For origins alone; they may hang.
        pool.start()
        let http = HTTPClient(
            eventLoopGroupProvider: .shared(group),
            configuration: OriginHTTPClient.configuration()
        )
        let registry = MetricRegistry()
        registry.gauge(.buildInfo, BuildFacts.version, BuildFacts.commit).set(1)
        let resources = RemoteClient.Resources(
            http: http,
            group: group,
            pool: pool,
            metrics: registry,
            log: log
        )
        let outcome = await attempted { () async throws(CommandFailure) in
            try await serveMetrics(registry, group) { (port) async throws(CommandFailure) in
                try await mount(resources, metricsPort: port, registry, log)
            }
        }
        try? await http.shutdown()
        if case .failed(let errno) = try outcome.get() {
            throw .local("the mount ended: the kernel's connection failed with errno \(errno)")
        }
    }

    /// What `body` came to, so that what it used can be shut down either way.
    private func attempted<Value: Sendable>(
        _ body: () async throws(CommandFailure) -> Value
    ) async -> Result<Value, CommandFailure> {
        do throws(CommandFailure) {
            return .success(try await body())
        } catch {
            return .failure(error)
        }
    }

    /// Serves the metrics for as long as `body` runs, which is told the port.
    private func serveMetrics(
        _ registry: MetricRegistry,
        _ group: MultiThreadedEventLoopGroup,
        _ body: (Int) async throws(CommandFailure) -> FuseServer.End
    ) async throws(CommandFailure) -> FuseServer.End {
        let metrics = try await MetricsServer.start(
            host: request.metrics?.host ?? "127.0.0.1",
            port: Int(request.metrics?.port ?? 0),
            group: group,
            registry: registry
        )
        let end = await attempted { () async throws(CommandFailure) in
            try await body(metrics.port)
        }
        await metrics.stop()
        return try end.get()
    }

    private func mount(
        _ resources: RemoteClient.Resources,
        metricsPort: Int,
        _ registry: MetricRegistry,
        _ log: Logger
    ) async throws(CommandFailure) -> FuseServer.End {
        let client = try await connect(resources)
        let end = await attempted { () async throws(CommandFailure) in
            try await mount(client, metricsPort: metricsPort, registry, log)
        }
        await client.shutdown()
        return try end.get()
    }

    private func connect(
        _ resources: RemoteClient.Resources
    ) async throws(CommandFailure) -> RemoteClient {
        do throws(RemoteClientError) {
            return try await RemoteClient.connect(
                RemoteClient.Settings(
                    addresses: request.addresses.map(\.description),
                    region: request.region,
                    name: "fuse \(request.directory)",
                    patience: request.timeout.duration,
                    environment: ProcessInfo.processInfo.environment
                ),
                resources
            )
        } catch {
            throw CommandFailure(error)
        }
    }

    private func mount(
        _ client: RemoteClient,
        metricsPort: Int,
        _ registry: MetricRegistry,
        _ log: Logger
    ) async throws(CommandFailure) -> FuseServer.End {
        let host = request.metrics?.host ?? "127.0.0.1"
        let states = try FuseEntry.states()
        // A process that was started for this has its output in the file of that name.
        let isStarted = ProcessInfo.processInfo.environment[FuseDaemon.readyVariable] != nil
        let logPath = isStarted ? states.logPath(of: request.directory) : nil
        let server = FuseServer(
            client: client.files,
            description: FuseMountDescription(
                path: ByteString(request.path),
                address: request.addresses.map(\.description).joined(separator: ","),
                region: client.region,
                metrics: HostPort(host: host, port: UInt16(clamping: metricsPort)).description,
                log: logPath
            ),
            options: options,
            states: states,
            recorder: OperationTimes(registry: registry),
            logger: log
        )
        do throws(FuseMountError) {
            try await server.mount(at: request.directory)
        } catch {
            throw CommandFailure(error)
        }
        FuseDaemon.reportReady()
        log.notice("mounted", metadata: ["mount.directory": "\(request.directory)"])
        return await untilEnd(server, log)
    }

    /// Until somebody unmounts it or a signal asks this process to.
    private func untilEnd(_ server: FuseServer, _ log: Logger) async -> FuseServer.End {
        await withTaskGroup(of: FuseServer.End?.self) { group in
            group.addTask { await server.run() }
            group.addTask {
                for await signal in await UnixSignalsSequence(trapping: .sigterm, .sigint) {
                    log.notice("stopping", metadata: ["signal": "\(signal)"])
                    return await server.stop()
                }
                return nil
            }
            defer { group.cancelAll() }
            for await end in group {
                if let end { return end }
            }
            return .unmounted
        }
    }

    private func makeLogger() -> Logger {
        let format = LogFormat(nil)
        let threshold = StandardErrorLogHandler.Threshold(request.isQuiet ? .error : .notice)
        LoggingSystem.bootstrap(
            { _, provider in
                StandardErrorLogHandler(
                    format: format,
                    threshold: threshold,
                    metadataProvider: provider
                )
            },
            metadataProvider: nil
        )
        return Logger(label: "tarn.fuse")
    }
}

/// `tarn_fuse_operation_seconds`, one histogram an operation, made once.
private struct OperationTimes: FuseOperationRecorder {
    private let histograms: [FuseOperation: Histogram]

    init(registry: MetricRegistry) {
        var histograms: [FuseOperation: Histogram] = [:]
        for operation in FuseOperation.allCases {
            histograms[operation] = registry.histogram(.fuseOperationSeconds, operation.rawValue)
        }
        self.histograms = histograms
    }

    func record(_ operation: FuseOperation, duration: Duration) {
        histograms[operation]?.observe(duration)
    }
}
