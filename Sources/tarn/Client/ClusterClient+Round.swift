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
    struct Round {
        enum Outcome {
            case answered(APIAnswer)
            /// Worth another try; the failure to report when there is no time for one.
            case again(CommandFailure, retryAfterSeconds: UInt64?)
            /// Nobody took the call; the reason of each.
            case unreachable([String])
            case failed(CommandFailure)
        }

        let outcome: Outcome
        /// Whether a worker may have received the call although no answer came, or says that it may
        /// have taken effect.
        let mayHaveTakenEffect: Bool
    }

    /// Asks one address after the other until one answers, each with its share of the time left.
    ///
    /// One that accepts and is silent so leaves time for the others; a write may then be with several
    /// of them, under its one key.
    func round(
        _ call: APICall,
        within limit: Timespan,
        deadline: ContinuousClock.Instant
    ) async -> Round {
        var losses: [String] = []
        var isLost = false
        let addresses = order()
        for (index, address) in addresses.enumerated() {
            let left = ContinuousClock.now.duration(to: deadline)
            guard left > .zero else { break }
            let share = call.awaitsWorkers ? left : left / (addresses.count - index)
            do throws(HTTPTransport.Loss) {
                return judge(try await ask(address, call, within: share), isLost: isLost)
            } catch {
                losses.append("\(address): \(error.text)")
                switch error {
                case .broken, .timedOut: isLost = true
                case .unreachable: break
                }
            }
        }
        let reasons = losses.joined(separator: "; ")
        let outcome: Round.Outcome =
            if ContinuousClock.now >= deadline {
                .failed(.timedOut("no answer within \(limit): \(reasons)"))
            } else if isLost {
                .again(.lost(reasons), retryAfterSeconds: nil)
            } else {
                .unreachable(losses)
            }
        return Round(outcome: outcome, mayHaveTakenEffect: isLost)
    }

    private func ask(
        _ address: HostPort,
        _ call: APICall,
        within share: Duration
    ) async throws(HTTPTransport.Loss) -> APIAnswer {
        let end = NIODeadline.now() + TimeAmount(share)
        let response = try await transport.send(call, to: address, deadline: end)
        let body = try await transport.collect(response, upTo: call.bodyByteLimit)
        noteAnswer(from: address, response.headers)
        return APIAnswer(
            status: Int(response.status.code),
            headers: response.headers,
            body: body,
            address: address.description
        )
    }

    /// Below 300 it is an answer, else a problem that may pass or not.
    private func judge(_ answer: APIAnswer, isLost: Bool) -> Round {
        guard answer.status >= 300 else {
            return Round(outcome: .answered(answer), mayHaveTakenEffect: isLost)
        }
        let document = Self.problem(in: answer)
        let failure = CommandFailure.problem(
            document,
            received: Array(answer.body.readableBytesView)
        )
        let isPassing =
            document.status == 429 || document.knownCode == .noLeader
            || document.knownCode == .outcomeUnknown
        let retryAfter = answer.headers.first(name: "Retry-After").flatMap { UInt64($0) }
        return Round(
            outcome: isPassing
                ? .again(failure, retryAfterSeconds: retryAfter) : .failed(failure),
            mayHaveTakenEffect: isLost || document.outcome == .unknown
        )
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
