// SPDX-License-Identifier: Apache-2.0
import APIModel
import Foundation
import NIOCore

extension APIRequest {
    /// The body as a document, read strictly.
    ///
    /// - Parameters:
    ///   - type: What it must be.
    ///   - members: Names the outermost object may have.
    /// - Returns: What the body says.
    /// - Throws: `bad-value`: no JSON, a member unknown (with the nearest name), twice, missing or of
    ///   the wrong type, or nested deeper than any document is.
    package func document<Document: Decodable>(
        _ type: Document.Type,
        members: [String]
    ) throws(Problem) -> Document {
        let bytes = Array(body.readableBytesView)
        let outline = JSONOutline(bytes)
        switch outline.finding {
        case .repeated(let name): throw Problem(.badValue, "the member '\(name)' comes twice")
        case .tooDeep: throw Problem(.badValue, "the body is nested too deep")
        case nil: break
        }
        if let stranger = outline.topMembers.first(where: { !members.contains($0) }) {
            throw Problem(
                .badValue,
                "unknown member '\(stranger.prefix(40))'; "
                    + suggestion(for: stranger, among: members)
            )
        }

        do {
            return try JSONDecoder().decode(type, from: Data(bytes))
        } catch let error as DecodingError {
            throw Problem(.badValue, error.apiDetail)
        } catch {
            throw Problem(.badValue, "the body is not JSON")
        }
    }

    /// The same where an empty body stands for an object without members.
    package func documentIfAny<Document: Decodable>(
        _ type: Document.Type,
        members: [String],
        absent: Document
    ) throws(Problem) -> Document {
        body.readableBytes == 0 ? absent : try document(type, members: members)
    }
}
