// SPDX-License-Identifier: Apache-2.0

import APIModel
import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import Primitives
import Settings

extension ClusterClient {
    /// What became of asking every address once.
    enum Outcome {
        case answered(APIAnswer)
        /// Worth another try; the failure to report when there is no time for one.
        case again(CommandFailure, retryAfterSeconds: UInt64?)
        case failed(CommandFailure)

        /// What to say when the time is over.
        func reasonToStop(after limit: Timespan) -> CommandFailure {
            switch self {
            case .again(.problem(let document), _): .problem(document)
            case .again(.lost(let text), _): .timedOut("no answer within \(limit); \(text)")
            case .again(let failure, _), .failed(let failure): failure
            case .answered: .badAnswer("an answer came, and was not taken")
            }
        }
    }

    /// Asks one address after the other until one answers.
    func round(_ call: APICall, deadline: ContinuousClock.Instant) async -> Outcome {
        var refusals: [String] = []
        var isBroken = false
        for address in order() {
            let left = ContinuousClock.now.duration(to: deadline)
            guard left > .zero else { break }
            do throws(HTTPTransport.Loss) {
                let end = NIODeadline.now() + TimeAmount(left)
                let response = try await transport.send(call, to: address, deadline: end)
                let body = try await transport.collect(response, upTo: Self.bodyByteLimit)
                noteAnswer(from: address, response.headers)
                let answer = APIAnswer(
                    status: Int(response.status.code),
                    headers: response.headers,
                    body: body,
                    address: address.description
                )
                return judge(answer)
            } catch {
                refusals.append("\(address): \(error.text)")
                if case .broken = error { isBroken = true }
            }
        }
        if ContinuousClock.now >= deadline {
            return .failed(
                .timedOut("no answer within \(timeout): \(refusals.joined(separator: "; "))")
            )
        }
        return isBroken
            ? .again(.lost(refusals.joined(separator: "; ")), retryAfterSeconds: nil)
            : .failed(.unreachable(refusals))
    }

    /// Below 300 it is an answer, else a problem that may pass or not.
    private func judge(_ answer: APIAnswer) -> Outcome {
        guard answer.status >= 300 else { return .answered(answer) }
        let document = Self.problem(in: answer)
        let isPassing =
            document.status == 429 || document.knownCode == .noLeader
            || document.knownCode == .outcomeUnknown
        guard isPassing else { return .failed(.problem(document)) }
        let retryAfter = answer.headers.first(name: "Retry-After").flatMap { UInt64($0) }
        return .again(.problem(document), retryAfterSeconds: retryAfter)
    }

    /// The problem document of an answer, or one made from the status where there is none.
    static func problem(in answer: APIAnswer) -> ProblemDocument {
        let bytes = Data(answer.body.readableBytesView)
        if let document = try? JSONDecoder().decode(ProblemDocument.self, from: bytes) {
            return document
        }
        var document = ProblemDocument.own(
            code(ofStatus: answer.status),
            "Status \(answer.status)",
            "\(answer.address) answered with status \(answer.status) and no problem document; is it "
                + "the HTTP port of a worker?"
        )
        document.status = answer.status
        return document
    }

    private static func code(ofStatus status: Int) -> String {
        switch status {
        case 404: ProblemCode.notFound.rawValue
        case 401, 403: ProblemCode.notAuthorised.rawValue
        case 412: ProblemCode.revisionMismatch.rawValue
        case 416: ProblemCode.rangeNotSatisfiable.rawValue
        case 429: ProblemCode.overloaded.rawValue
        case 504: ProblemCode.timeout.rawValue
        default: "http-\(status)"
        }
    }
}
