// SPDX-License-Identifier: Apache-2.0
import APIModel
import CatalogCore
import Foundation
import HTTPAPI
import NIOCore
import NIOPosix
import Primitives
import Synchronization

/// An HTTP server that answers each request as a script says, right or wrong.
final class WatchServer: Sendable {
    struct Act: Sendable {
        let text: String
        var closes = false

        /// The head of a watch, then lines; the connection stays open.
        static func lines(
            _ lines: [String],
            revision: Revision = Revision(1),
            stalenessMS: UInt64 = 0,
            cluster: ClusterID = clusterEntry.id,
            closes: Bool = false
        ) -> Self {
            let head =
                "HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\nConnection: close\r\n"
                + "Tarn-Cluster: \(cluster)\r\nTarn-Revision: \(revision)\r\n"
                + "Tarn-Staleness-Ms: \(stalenessMS)\r\n\r\n"
            return Self(text: head + lines.map { $0 + "\n" }.joined(), closes: closes)
        }

        static func problem(_ status: Int, _ code: ProblemCode) -> Self {
            let document = ProblemDocument(code, detail: "no")
            let body = (try? JSONEncoder().encode(document)).map {
                String(decoding: $0, as: UTF8.self)
            }
            let text = body ?? ""
            return Self(
                text: "HTTP/1.1 \(status) No\r\nContent-Type: application/problem+json\r\n"
                    + "Content-Length: \(text.utf8.count)\r\nConnection: close\r\n\r\n\(text)",
                closes: true
            )
        }
    }

    private struct State {
        var requests: [String] = []
        var channels: [any Channel] = []
    }

    let address: String
    private let listener: any Channel
    private let state: SharedState

    fileprivate final class SharedState: Sendable {
        private let state = Mutex(State())
        let answer: @Sendable (_ target: String, _ head: String) -> Act

        init(_ answer: @escaping @Sendable (String, String) -> Act) { self.answer = answer }

        var requests: [String] { state.withLock(\.requests) }
        var channels: [any Channel] { state.withLock(\.channels) }

        func note(_ target: String, _ channel: any Channel) {
            state.withLock {
                $0.requests.append(target)
                $0.channels.append(channel)
            }
        }
    }

    /// Listens; `answer` is given the target and the whole head of each request.
    init(_ answer: @escaping @Sendable (String, String) -> Act) async throws {
        let state = SharedState(answer)
        self.state = state
        listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(ScriptHandler(state))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        address = "127.0.0.1:\(listener.localAddress?.port ?? 0)"
    }

    /// Targets of all requests so far.
    var requests: [String] { state.requests }

    /// More text for the newest connection.
    func push(_ text: String) {
        guard let channel = state.channels.last else { return }
        channel.writeAndFlush(ByteBuffer(string: text), promise: nil)
    }

    /// Breaks every connection.
    func cut() { for channel in state.channels { channel.close(promise: nil) } }

    func close() async throws {
        cut()
        try await listener.close()
    }
}

/// Cuts requests without a body at their empty line.
private final class ScriptHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let state: WatchServer.SharedState
    private var received = ""

    init(_ state: WatchServer.SharedState) { self.state = state }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        received += String(buffer: unwrapInboundIn(data))
        while let end = received.firstRange(of: "\r\n\r\n") {
            let head = String(received[..<end.lowerBound])
            received = String(received[end.upperBound...])
            let target = head.split(separator: " ").dropFirst().first.map(String.init) ?? ""
            state.note(target, context.channel)
            let act = state.answer(target, head)
            context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: act.text)), promise: nil)
            if act.closes { context.close(promise: nil) }
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }
}

// MARK: - Lines

extension Catalog {
    /// What a watch with `state=true` begins with.
    var stateLines: [String] {
        liveKeys(prefix: "").map { change in
            change.value.map {
                line(
                    .state(
                        revision: change.revision.rawValue,
                        key: change.key.text,
                        value: .init($0)
                    )
                )
            } ?? ""
        } + [line(.progress(revision: revision.rawValue))]
    }
}

/// One command's changes as lines.
func lines(_ changes: [CatalogChange]) -> [String] {
    changes.map { change in
        guard let value = change.value else {
            return line(
                .delete(
                    revision: change.revision.rawValue,
                    key: change.key.text,
                    hasMore: change.hasMore
                )
            )
        }
        return line(
            .put(
                revision: change.revision.rawValue,
                key: change.key.text,
                value: .init(value),
                hasMore: change.hasMore
            )
        )
    }
}

func line(_ line: WatchLine) -> String {
    (try? JSONEncoder().encode(line)).map { String(decoding: $0, as: UTF8.self) } ?? ""
}
