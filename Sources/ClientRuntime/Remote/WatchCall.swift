// SPDX-License-Identifier: Apache-2.0
import APIModel
import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import Primitives

/// One call of `/v1/watch` to one worker, from the request to the end of its lines.
package struct WatchCall: Sendable {
    /// Why the lines ended.
    enum End: Error, Sendable, Equatable {
        /// No connection, or it broke.
        case lost(String)
        /// Nothing was heard for ``silenceLimit``.
        case silent
        /// The worker ended it: it is stopping, or this reader was too slow.
        case closed
        /// What is asked for is no longer kept: the state has to be loaded.
        case compacted
        case notInitialised
        /// Any other answer than lines.
        case refused(String)
        /// A line that is none, or not at its place.
        case garbage(String)
        /// The worker belongs to another cluster than the one followed so far.
        case otherCluster(String)
    }

    /// What the head of the answer says about the lines.
    struct Head: Sendable {
        let cluster: String?
        let revision: Revision?
        let stalenessMS: UInt64?
    }

    /// A progress line comes at least every 5 s.
    package static let silenceLimit = Duration.seconds(7)
    /// Of an answer that is not lines.
    private static let problemLimit = 64 << 10

    let http: HTTPClient
    /// `host:port`.
    let address: String
    let start: CatalogMirror.Start
    /// The worker shall have this before it answers, so that a state is never older than ours.
    let minimum: Revision

    /// Gives every line to `take` until there are no more, which always has a reason.
    func run(
        head: (Head) throws(End) -> Void,
        take: (WatchedLine) throws(End) -> Void,
        heard: () -> Void
    ) async -> End {
        do {
            let response = try await http.execute(request, deadline: .distantFuture)
            heard()
            guard response.status == .ok else { return await refusal(response) }
            try head(Head(response))
            var cutter = LineCutter()
            for try await bytes in response.body {
                heard()
                cutter.append(bytes)
                while let text = try cutter.next() {
                    let line = try WatchedLine(text)
                    try take(line)
                    if line == .closed { return .closed }
                }
            }
            return .lost("the answer ended")
        } catch let end as End {
            return end
        } catch let error as WatchedLine.Garbage {
            return .garbage(error.why)
        } catch is LineCutter.LineTooLong {
            return .garbage("a line of more than \(LineCutter.lineLimit) bytes")
        } catch {
            return .lost(Self.words(for: error))
        }
    }

    private var request: HTTPClientRequest {
        let query =
            switch start {
            case .state: "state=true"
            case .from(let revision): "from=\(revision)"
            }
        var request = HTTPClientRequest(url: "http://\(address)/v1/watch?\(query)")
        if start == .state, minimum > .zero {
            request.headers.add(name: "Tarn-Min-Revision", value: "\(minimum)")
        }
        return request
    }

    private func refusal(_ response: HTTPClientResponse) async -> End {
        let body = try? await response.body.collect(upTo: Self.problemLimit)
        let problem = body.flatMap { body in
            try? JSONDecoder().decode(ProblemDocument.self, from: Data(body.readableBytesView))
        }
        return switch problem?.knownCode {
        case .compacted: .compacted
        case .notInitialised: .notInitialised
        default: .refused("\(response.status.code) \(problem?.code ?? "without a code")")
        }
    }
}

extension WatchCall.Head {
    init(_ response: HTTPClientResponse) {
        cluster = response.headers.first(name: "Tarn-Cluster")
        revision = response.headers.first(name: "Tarn-Revision")
            .flatMap { UInt64($0) }.map(Revision.init)
        stalenessMS = response.headers.first(name: "Tarn-Staleness-Ms").flatMap { UInt64($0) }
    }
}
