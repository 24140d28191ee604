// SPDX-License-Identifier: Apache-2.0
import NIOCore
import NIOHTTP1
import Synchronization

/// The lines of an answer without an end, as far as they have come.
package final class WebLines: Sendable {
    private struct State {
        var status: Int?
        var lines: [String] = []
        /// When each line came.
        var times: [ContinuousClock.Instant] = []
        var hasEnded = false
        var channel: (any Channel)?
    }

    private let state = Mutex(State())

    deinit { close() }

    package var status: Int? { state.withLock(\.status) }
    package var lines: [String] { state.withLock(\.lines) }
    package var hasEnded: Bool { state.withLock(\.hasEnded) }

    /// The revision of each line that puts or deletes, and when it came.
    package var changes: [(revision: UInt64, time: ContinuousClock.Instant)] {
        let (lines, times) = state.withLock { ($0.lines, $0.times) }
        return zip(lines, times).compactMap { line, time in
            guard line.contains("\"type\":\"put\"") || line.contains("\"type\":\"delete\"")
            else { return nil }
            let revision = line.firstMatch(of: #/"revision":(\d+)/#).flatMap { UInt64($0.1) }
            return revision.map { ($0, time) }
        }
    }

    /// Ends the stream from this side.
    package func close() { state.withLock(\.channel)?.close(promise: nil) }

    func attach(_ channel: any Channel) { state.withLock { $0.channel = channel } }
    func began(_ status: Int) { state.withLock { $0.status = status } }
    func received(_ line: String) {
        state.withLock { state in
            state.lines.append(line)
            state.times.append(.now)
        }
    }
    func ended() { state.withLock { $0.hasEnded = true } }
}

final class LineCollector: ChannelInboundHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias OutboundOut = HTTPClientRequestPart

    /// Not kept alive by the connection: with its last reference the stream ends.
    private weak var lines: WebLines?
    private var rest: [UInt8] = []

    init(_ lines: WebLines) { self.lines = lines }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head): lines?.began(Int(head.status.code))
        case .body(let part):
            rest += part.readableBytesView
            while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
                lines?.received(String(decoding: rest[..<end], as: UTF8.self))
                rest.removeFirst(end + 1)
            }
        case .end: context.close(promise: nil)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) { lines?.ended() }
}
