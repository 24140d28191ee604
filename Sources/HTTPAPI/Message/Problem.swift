// SPDX-License-Identifier: Apache-2.0
package import APIModel
package import NIOHTTP1

/// Why a request was not done: the one error of this module, and the body of every error answer.
///
/// - Source: RFC 9457.
package struct Problem: Error, Sendable {
    package var document: ProblemDocument
    /// `Allow`, `Retry-After`, `Content-Range`, ….
    package var headers: HTTPHeaders

    package init(
        _ code: ProblemCode,
        _ detail: String,
        status: HTTPResponseStatus? = nil,
        outcome: ProblemDocument.Outcome? = nil,
        next: String? = nil,
        modRevision: UInt64? = nil,
        oldest: UInt64? = nil,
        headers: HTTPHeaders = HTTPHeaders()
    ) {
        document = ProblemDocument(
            code,
            detail: detail,
            outcome: outcome,
            next: next,
            modRevision: modRevision,
            oldest: oldest
        )
        if let status { document.status = Int(status.code) }
        self.headers = headers
    }

    /// The same problem of a write: says that it took no effect, unless that is unknown.
    package var ofWrite: Self {
        var copy = self
        copy.document.outcome = document.outcome ?? .notApplied
        return copy
    }

    /// The same problem of a read, which has no effect to be in doubt about.
    package var ofRead: Self {
        var copy = self
        copy.document.outcome = nil
        return copy
    }

    /// The answer to the request of this id.
    package func response(to requestID: String) -> APIResponse {
        let status = HTTPResponseStatus(statusCode: document.status)
        var answer = APIResponse.json(
            IdentifiedDocument(document: document, requestId: requestID),
            status: status
        )
        answer.headers.replaceOrAdd(name: "Content-Type", value: "application/problem+json")
        answer.headers.add(contentsOf: headers)
        return answer
    }
}

/// A document with one more member: the id under which the log has the rest.
struct IdentifiedDocument<Document: Encodable>: Encodable {
    let document: Document
    let requestId: String

    private enum Key: String, CodingKey { case requestId }

    func encode(to encoder: any Encoder) throws {
        try document.encode(to: encoder)
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(requestId, forKey: .requestId)
    }
}
