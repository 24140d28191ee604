// SPDX-License-Identifier: Apache-2.0

import APIModel
import ClientRuntime
import HTTPAPI
import NIOHTTP1
import Primitives

/// Asks one region about a mount's origin, one bounded look after the other.
struct RegionSurvey: Sendable {
    let client: ClusterClient
    let mount: MountDocument
    let region: String

    /// Keys that are listed in a region, and how long no further look is taken.
    static let keyLimit: UInt64 = 1_000_000
    static let listingTime = Duration.seconds(300)
    /// Bytes of names in one request, whose body has a bound.
    private static let nameByteLimit = 24 << 10

    /// Names and sizes of the whole origin, or of its first million keys.
    func names() async -> RegionFindings {
        var findings = RegionFindings(region: region)
        findings.origin = mount.regions[region]?.origin ?? mount.origin
        let end = ContinuousClock.now + Self.listingTime
        var after: String?
        do throws(CommandFailure) {
            while true {
                let threshold = findings.names.threshold
                let answer = try await look(
                    .init(path: mount.path, step: .names, after: after, upTo: hexText(threshold))
                )
                findings.worker = answer.worker
                findings.origin = answer.origin
                findings.modRevision = answer.modRevision
                guard let part = answer.names, let names = SurveyedNames(part) else {
                    throw .badAnswer("worker \(answer.worker) answers no names")
                }
                findings.names.add(names)
                guard let next = part.next, next != after else { return findings }
                after = next
                if findings.names.objects >= Self.keyLimit || ContinuousClock.now >= end { break }
            }
            findings.isPartial = true
        } catch {
            findings.problem = error.reason
        }
        return findings
    }

    /// What came of a step.
    ///
    /// A type of its own, no pair: an optimised child of a task group that builds a pair with
    /// `try await` inside it, within a `do` that catches, returns garbage (Swift 6.3).
    struct Answer: Sendable {
        let region: String
        /// `nil`: see ``problem``.
        let objects: [SurveyObjectDocument]?
        let problem: String?
    }

    /// As ``objects(_:_:)``, with what went wrong as a part of the answer.
    func answer(_ step: SurveyRequest.Step, _ names: [ByteString]) async -> Answer {
        do throws(CommandFailure) {
            let objects = try await objects(step, names)
            return Answer(region: region, objects: objects, problem: nil)
        } catch {
            return Answer(region: region, objects: nil, problem: error.reason)
        }
    }

    /// One of the other steps, for all of `names` in their order.
    func objects(
        _ step: SurveyRequest.Step,
        _ names: [ByteString]
    ) async throws(CommandFailure) -> [SurveyObjectDocument] {
        let limit = step == .content ? SurveyRoute.contentLimit : SurveyRoute.checksumLimit
        var objects: [SurveyObjectDocument] = []
        var rest = names.map { ListCursor.text(of: $0) }[...]
        while !rest.isEmpty {
            var byteCount = 0
            let batch = rest.prefix(limit).prefix { name in
                byteCount += 2 * name.utf8.count + 8
                return byteCount <= Self.nameByteLimit
            }
            let asked = Array(batch.isEmpty ? rest.prefix(1) : batch)
            let answer = try await look(.init(path: mount.path, step: step, names: asked))
            guard let found = answer.objects, found.map(\.name) == asked else {
                throw .badAnswer("worker \(answer.worker) answers about other objects")
            }
            objects += found
            rest = rest.dropFirst(asked.count)
        }
        return objects
    }

    private func look(_ request: SurveyRequest) async throws(CommandFailure) -> SurveyDocument {
        let answer: Answered<SurveyDocument> = try await client.write(
            .POST,
            "/v1/mount/survey" + PercentEncoding.query([("region", region)]),
            body: request
        )
        guard answer.document.modRevision == mount.modRevision else {
            throw .local(
                "worker \(answer.document.worker) has revision \(answer.document.modRevision) of the "
                    + "mount, not \(mount.modRevision): it changed meanwhile"
            )
        }
        return answer.document
    }
}

extension CommandFailure {
    /// Why, without what to do about it.
    var reason: String { document?.detail ?? "no answer" }
}
