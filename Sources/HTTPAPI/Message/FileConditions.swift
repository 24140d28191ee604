// SPDX-License-Identifier: Apache-2.0
package import APIModel
package import NIOHTTP1

/// The conditions of a GET or HEAD of a file, in the order RFC 9110 §13.2.2 gives them.
package struct FileConditions: Sendable {
    package enum Verdict: Hashable, Sendable {
        case proceed
        case notModified
        case failed
    }

    private let headers: HTTPHeaders
    private let tag: EntityTag
    /// `nil` where the origin knows no time.
    private let modified: HTTPDate?

    package init(headers: HTTPHeaders, tag: EntityTag, modified: HTTPDate?) {
        self.headers = headers
        self.tag = tag
        self.modified = modified
    }

    package var verdict: Verdict {
        if let condition = TagCondition(headers["If-Match"]) {
            guard matches(condition, strongly: true) else { return .failed }
        } else if let date = date("If-Unmodified-Since"), let modified {
            guard modified <= date else { return .failed }
        }

        if let condition = TagCondition(headers["If-None-Match"]) {
            return matches(condition, strongly: false) ? .notModified : .proceed
        } else if let date = date("If-Modified-Since"), let modified {
            return modified <= date ? .notModified : .proceed
        }
        return .proceed
    }

    /// Whether `Range` counts: no `If-Range`, or one that names this very version.
    ///
    /// A date names a version only by the second, so it must be exact (RFC 9110 §13.1.5).
    package var honoursRange: Bool {
        guard let text = headers.first(name: "If-Range") else { return true }
        if let date = HTTPDate(text) { return date == modified }
        return EntityTag(text[...])?.matchesStrongly(tag) ?? false
    }

    private func matches(_ condition: TagCondition, strongly: Bool) -> Bool {
        switch condition {
        case .any: true
        case .tags(let tags):
            tags.contains { strongly ? $0.matchesStrongly(tag) : $0.opaque == tag.opaque }
        }
    }

    private func date(_ name: String) -> HTTPDate? {
        headers.first(name: name).flatMap(HTTPDate.init)
    }
}
