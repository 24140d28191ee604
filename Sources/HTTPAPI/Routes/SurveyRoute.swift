// SPDX-License-Identifier: Apache-2.0
import APIModel
import CatalogCore
import ClientRuntime
import Coordination
import NIOHTTP1
import Origins
import Primitives

/// `/v1/mount/survey`: a look at a mount's origin as a region sees it.
package enum SurveyRoute {
    static let route = Route(
        "/v1/mount/survey",
        [
            Operation(
                .POST,
                "surveyMount",
                "Looks at the origin of a mount past every cache, from a worker of the region: a part "
                    + "of its names and sizes, or checksums of some objects.",
                parameters: [Shared.region, Shared.minimum],
                requestSchema: "survey",
                answers: [.json("surveyAnswer", "What was seen.")],
                handler: look
            )
        ]
    )

    /// Set by a worker that hands the request on: it is not handed on once more.
    package static let forwardedHeader = "Tarn-Forwarded"

    /// Objects whose checksums one request may ask for.
    package static let checksumLimit = 128
    /// Objects whose content one request may ask for: 2 MiB each are read.
    package static let contentLimit = 4

    @Sendable private static func look(_ call: Call) async throws(Problem) -> APIResponse {
        let region = try call.region()
        let survey = call.dependencies.survey
        guard survey.gate.enter() else {
            throw Problem(
                .overloaded,
                "too many surveys at a time",
                headers: ["Retry-After": "1"]
            )
        }
        defer { survey.gate.leave() }
        guard region != call.dependencies.region else { return try await lookHere(call) }
        guard try call.request.header(forwardedHeader) == nil else {
            throw Problem(.notFound, "this worker is not in region '\(region.prefix(64))'")
        }
        return try await survey.neighbours.forward(call.request, toRegion: region)
    }

    private static func lookHere(_ call: Call) async throws(Problem) -> APIResponse {
        let request = try call.request.document(
            SurveyRequest.self,
            members: Schema.named("survey").memberNames
        )
        guard let step = SurveyRequest.Step(rawValue: request.step) else {
            let words = SurveyRequest.Step.allCases.map(\.rawValue)
            let hint = suggestion(for: request.step, among: words)
            throw Problem(.badValue, "step: '\(request.step.prefix(40))'; \(hint)")
        }
        let path = ByteString(request.path)
        do {
            try MountRules.check(path: path)
        } catch {
            throw Problem(error, path: path)
        }
        let view = try await call.localView()
        let survey = call.dependencies.survey
        let subject = try subject(at: path, view.catalog, survey.surveyor)
        var document = SurveyDocument(
            region: call.dependencies.region,
            worker: survey.worker,
            origin: subject.uri,
            modRevision: subject.entry.modRevision.rawValue
        )
        switch step {
        case .names: document.names = try await names(request, subject, survey.surveyor)
        case .checksums:
            let names = try objectNames(request, limit: checksumLimit)
            let found = await survey.surveyor.checksums(of: names, in: subject)
            document.objects = objects(names, found, subject)
        case .content:
            let names = try objectNames(request, limit: contentLimit)
            let found = await survey.surveyor.content(of: names, in: subject)
            document.objects = objects(names, found, subject)
        }
        return APIResponse.json(document).describing(view, region: call.dependencies.region)
    }

    // MARK: - Parts

    private static func subject(
        at path: ByteString,
        _ catalog: Catalog,
        _ surveyor: any OriginSurveying
    ) throws(Problem) -> SurveySubject {
        guard catalog.mount(at: path) != nil else {
            throw Problem(.notFound, "there is no mount at \(path)", next: "tarn mount list")
        }
        do {
            return try surveyor.subject(at: path)
        } catch {
            throw Problem(error, about: path.text)
        }
    }

    private static func names(
        _ request: SurveyRequest,
        _ subject: SurveySubject,
        _ surveyor: any OriginSurveying
    ) async throws(Problem) -> SurveyNamesDocument {
        let continuation = try request.after.map { (text) throws(Problem) in
            try name(text, of: "after")
        }
        let limit: UInt64
        if let text = request.upTo {
            guard let number = UInt64(text, radix: 16), text.utf8.count == 16 else {
                throw Problem(.badValue, "upTo: '\(text.prefix(40))' is not 16 hex digits")
            }
            limit = number
        } else {
            limit = .max
        }
        do {
            let (found, next) = try await surveyor.names(
                of: subject,
                from: continuation,
                upTo: limit
            )
            return SurveyNamesDocument(found, next: next)
        } catch {
            throw Problem(error, about: subject.uri)
        }
    }

    private static func objectNames(
        _ request: SurveyRequest,
        limit: Int
    ) throws(Problem) -> [ByteString] {
        let texts = request.names ?? []
        guard (1...limit).contains(texts.count) else {
            throw Problem(.badValue, "names: \(texts.count) given, allowed are 1...\(limit)")
        }
        return try texts.map { (text) throws(Problem) in try name(text, of: "names") }
    }

    private static func name(_ text: String, of member: String) throws(Problem) -> ByteString {
        guard let name = ListCursor.name(of: ByteString(text)) else {
            throw Problem(.badValue, "\(member): no name that this API has given")
        }
        return name
    }

    private static func objects(
        _ names: [ByteString],
        _ found: [Result<ObjectChecksums, FileError>],
        _ subject: SurveySubject
    ) -> [SurveyObjectDocument] {
        zip(names, found).map { name, result in
            let text = ListCursor.text(of: name)
            switch result {
            case .success(let object):
                return SurveyObjectDocument(
                    name: text,
                    size: object.size,
                    checksums: object.values
                )
            case .failure(let error):
                let problem = Problem(error, about: subject.uri)
                return SurveyObjectDocument(name: text, problem: problem.document.detail)
            }
        }
    }
}
