// SPDX-License-Identifier: Apache-2.0

import APIModel
import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import Primitives
import Settings

/// The bytes of one version of one file, in order, whichever workers die meanwhile.
///
/// Each attempt asks for the rest with `Range`, and from the second on with `If-Match`: a version
/// that vanished is an error, never a mixture. Invariants:
/// 1. `position` counts exactly the bytes handed out.
/// 2. Bytes after the first attempt carry the version of the first.
/// 3. Without a new byte no more time passes than the client's timeout.
struct FileStream {
    private let client: ClusterClient
    private let path: String
    private let start: UInt64
    private let count: UInt64?
    private(set) var position: UInt64
    private(set) var head: FileHead?

    /// From byte `start` on, `count` bytes or fewer where the file ends; all of the rest if `nil`.
    init(
        _ client: ClusterClient,
        path: String,
        start: UInt64 = 0,
        count: UInt64? = nil
    ) {
        self.client = client
        self.path = path
        self.start = start
        self.count = count
        position = start
    }

    /// Hands every piece, and what is known of the file, to `consume`, which is waited for: a slow reader slows the worker down.
    mutating func forEach(
        _ consume: (FileHead, ByteBuffer) throws(CommandFailure) -> Void
    ) async throws(CommandFailure) {
        var backoff = Backoff()
        var generator = SystemRandomNumberGenerator()
        var deadline = ContinuousClock.now + client.timeout.duration
        while !isComplete {
            let before = position
            let failure = try await attempt(until: deadline, consume)
            guard let failure, !isComplete else { return }
            if head == nil, case .unreachable = failure { throw failure }
            if position > before {
                deadline = ContinuousClock.now + client.timeout.duration
                backoff = Backoff()
            }
            let wait = backoff.wait(retryAfterSeconds: nil, using: &generator)
            guard ContinuousClock.now + wait < deadline else { throw failure }
            guard (try? await Task.sleep(for: wait)) != nil else { throw .silent(status: 1) }
        }
    }

    /// Where the wanted bytes end; unknown before the first answer when all are wanted.
    private var end: UInt64? {
        guard let size = head?.size else {
            return count == 0 ? start : nil
        }
        guard let count else { return size }
        let (last, isOverflow) = start.addingReportingOverflow(count)
        return isOverflow ? size : min(size, last)
    }

    private var isComplete: Bool { end.map { position >= $0 } ?? false }

    // MARK: - One attempt

    /// Reads from one worker until its answer ends; the failure if that was too early.
    ///
    /// The time left is shared among the addresses until one begins to answer; the last one is waited
    /// for as long as it takes to say itself why it cannot.
    private mutating func attempt(
        until deadline: ContinuousClock.Instant,
        _ consume: (FileHead, ByteBuffer) throws(CommandFailure) -> Void
    ) async throws(CommandFailure) -> CommandFailure? {
        var refusals: [String] = []
        var isSilent = false
        let addresses = client.order()
        for (index, address) in addresses.enumerated() {
            let left = ContinuousClock.now.duration(to: deadline)
            let isLast = index == addresses.count - 1
            let share = TimeAmount(left / (addresses.count - index))
            let response: HTTPClientResponse
            do throws(HTTPTransport.Loss) {
                response = try await client.transport.send(
                    client.prepared(call),
                    to: address,
                    deadline: isLast ? .distantFuture : .now() + share
                )
            } catch {
                refusals.append("\(address): \(error.text)")
                if case .timedOut = error { isSilent = true }
                continue
            }
            client.noteAnswer(from: address, response.headers)
            if let failure = try await accept(response, from: address) { return failure }
            return try await drain(response, from: address, consume)
        }
        return isSilent
            ? .timedOut("no answer within \(client.timeout): \(refusals.joined(separator: "; "))")
            : .unreachable(refusals)
    }

    private var call: APICall {
        var call = APICall.get(ClusterClient.fileTarget(path))
        call.headers.append(ClusterClient.fileHeader)
        // Any attempt but a first one for the whole file.
        if position > 0 || count != nil {
            let last = end ?? count.map { start &+ $0 }
            let lastByte = last.map { $0 > 0 ? String($0 - 1) : "0" } ?? ""
            call.headers.append(("Range", "bytes=\(position)-\(lastByte)"))
        }
        if let version = head?.version { call.headers.append(("If-Match", version)) }
        return call
    }

    /// Takes the head of an answer; a failure that may pass is returned, one that stays is thrown.
    private mutating func accept(
        _ response: HTTPClientResponse,
        from address: HostPort
    ) async throws(CommandFailure) -> CommandFailure? {
        let status = Int(response.status.code)
        guard status == 200 || status == 206 else {
            return try await refuse(response, from: address)
        }
        let answered = try Self.range(of: response, from: address)
        guard answered.first == position else {
            throw .badAnswer(
                "\(address) answers \(path) from byte \(answered.first), not \(position)"
            )
        }
        let now = FileHead(size: answered.size, response.headers)
        if let head, head.size != now.size || head.version != now.version {
            throw .problem(Self.vanished(path))
        }
        head = now
        return nil
    }

    private mutating func refuse(
        _ response: HTTPClientResponse,
        from address: HostPort
    ) async throws(CommandFailure) -> CommandFailure? {
        let status = Int(response.status.code)
        let body = (try? await client.transport.collect(response, upTo: 1 << 20)) ?? ByteBuffer()
        let answer = APIAnswer(
            status: status,
            headers: response.headers,
            body: body,
            address: address.description
        )
        let problem = ClusterClient.problem(in: answer)
        let failure = CommandFailure.problem(problem, received: Array(body.readableBytesView))
        if status == 412, head != nil { throw .problem(Self.vanished(path)) }
        if status == 416, head == nil, let size = Self.sizeOfRefusedRange(response.headers),
            start >= size
        {
            // Nothing behind the end of the file: as dd and tail, no error.
            head = FileHead(size: size, response.headers)
            return failure
        }
        let isPassing = status == 429 || status == 503 || status == 502
        guard isPassing, problem.knownCode != .noQuorum, problem.knownCode != .versionVanished,
            problem.knownCode != .notInitialised
        else { throw failure }
        return failure
    }

    private mutating func drain(
        _ response: HTTPClientResponse,
        from address: HostPort,
        _ consume: (FileHead, ByteBuffer) throws(CommandFailure) -> Void
    ) async throws(CommandFailure) -> CommandFailure? {
        var pieces = response.body.makeAsyncIterator()
        while true {
            let next: ByteBuffer?
            do {
                next = try await pieces.next()
            } catch {
                return .lost("\(address): \(HTTPTransport.loss(error).text)")
            }
            guard let piece = next else { break }
            if let head { try consume(head, piece) }
            position += UInt64(piece.readableBytes)
            if let end, position > end {
                throw .badAnswer("\(address) answers more of \(path) than it has")
            }
        }
        return isComplete ? nil : .lost("\(address) ended \(path) at byte \(position), too early")
    }

    // MARK: - Heads

    private static func range(
        of response: HTTPClientResponse,
        from address: HostPort
    ) throws(CommandFailure) -> (first: UInt64, size: UInt64) {
        let headers = response.headers
        if response.status == .ok {
            guard let size = headers.first(name: "Content-Length").flatMap({ UInt64($0) }) else {
                throw .badAnswer("\(address) answers a file without its length")
            }
            return (0, size)
        }
        let text = headers.first(name: "Content-Range") ?? ""
        guard let range = ContentRange(text) else {
            throw .badAnswer("\(address) answers a part of a file without saying which")
        }
        return (range.first, range.size)
    }

    private static func sizeOfRefusedRange(_ headers: HTTPHeaders) -> UInt64? {
        guard let text = headers.first(name: "Content-Range"), text.hasPrefix("bytes */") else {
            return nil
        }
        return UInt64(text.dropFirst("bytes */".count))
    }

    private static func vanished(_ path: String) -> ProblemDocument {
        ProblemDocument(
            .versionVanished,
            detail: "\(path) changed while it was read; what was read so far is the old version",
            next: "tarn fs stat \(path)"
        )
    }
}

/// `bytes FIRST-LAST/SIZE` (RFC 9110 §14.4).
package struct ContentRange: Hashable, Sendable {
    package let first: UInt64
    package let last: UInt64
    package let size: UInt64

    package init?(_ text: String) {
        guard text.hasPrefix("bytes ") else { return nil }
        let parts = text.dropFirst("bytes ".count).split(
            separator: "/",
            omittingEmptySubsequences: false
        )
        guard parts.count == 2, let size = UInt64(parts[1]) else { return nil }
        let bounds = parts[0].split(separator: "-", omittingEmptySubsequences: false)
        guard bounds.count == 2, let first = UInt64(bounds[0]), let last = UInt64(bounds[1]),
            first <= last, last < size
        else { return nil }
        (self.first, self.last, self.size) = (first, last, size)
    }
}
