// SPDX-License-Identifier: Apache-2.0

import APIModel
import Foundation
import NIOCore
import NIOHTTP1

/// What is known about a file from the head of an answer.
struct FileHead: Sendable, Equatable {
    let size: UInt64
    let modified: String?
    /// Quoted, as it came: what If-Match wants back.
    let version: String?

    init(size: UInt64, _ headers: HTTPHeaders) {
        self.size = size
        modified = headers.first(name: "Last-Modified")
        version = headers.first(name: "ETag")
    }
}

extension ClusterClient {
    /// Marks the bytes as `client="fs"` in the worker's metrics.
    static let fileHeader = (name: "Tarn-Client", value: "fs")

    static func fileTarget(_ path: String) -> String { "/v1/files" + PercentEncoding.path(path) }

    /// One page of a directory.
    func directoryPage(
        _ path: String,
        after: String?,
        limit: Int? = nil
    ) async throws(CommandFailure) -> Answered<ListDocument> {
        let query = PercentEncoding.query([
            ("path", path), ("after", after), ("limit", limit.map(String.init)),
        ])
        var call = APICall.get("/v1/list" + query)
        call.headers.append(Self.fileHeader)
        return try await read(call, as: ListDocument.self)
    }

    /// Hands every entry of a directory to `visit`, a page at a time.
    func forEachPage(
        of path: String,
        _ visit: ([ListEntryDocument]) throws(CommandFailure) -> Void
    ) async throws(CommandFailure) {
        var after: String?
        while true {
            let page = try await directoryPage(path, after: after).document
            try visit(page.entries)
            guard let next = page.next else { return }
            guard next != after else {
                throw .badAnswer("the list of \(path) answers the same page again and again")
            }
            after = next
        }
    }

    /// Size, time and version of a file; `nil` if there is none at exactly this path.
    func fileHead(_ path: String) async throws(CommandFailure) -> FileHead? {
        var call = APICall(method: .HEAD, target: Self.fileTarget(path))
        call.headers.append(Self.fileHeader)
        let answer: APIAnswer
        do {
            answer = try await self.call(call)
        } catch .problem(let document, _) where document.status == 404 {
            return nil
        } catch .problem(let document, _) {
            throw await explained(document, path)
        }
        guard let length = answer.headers.first(name: "Content-Length").flatMap({ UInt64($0) })
        else { throw .badAnswer("\(answer.address) answers \(path) without its length") }
        return FileHead(size: length, answer.headers)
    }

    /// An error answer to HEAD has no body: the same question as GET says why.
    private func explained(_ document: ProblemDocument, _ path: String) async -> CommandFailure {
        var call = APICall.get(Self.fileTarget(path))
        call.headers += [Self.fileHeader, ("Range", "bytes=0-0")]
        do {
            _ = try await self.call(call)
            return .problem(document)
        } catch {
            return error
        }
    }
}

extension String {
    /// This path and a name in it.
    func appending(component: String) -> String {
        hasSuffix("/") ? self + component : self + "/" + component
    }
}
