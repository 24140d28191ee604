// SPDX-License-Identifier: Apache-2.0
import APIModel
import ClientRuntime
import NIOCore
import NIOHTTP1
import Primitives

/// `/v1/files/…`: the bytes of files by cluster path.
enum FileRoutes {
    static let routes = [
        Route(
            "/v1/files/{path...}",
            [
                Operation(
                    .GET,
                    "readFile",
                    "The bytes of a file. The cluster path follows /v1/files and is "
                        + "percent-decoded once, nothing collapsed or normalised.",
                    parameters: parameters,
                    answers: [
                        .other("application/octet-stream", "The file."),
                        .other("application/octet-stream", "The range asked for.", status: 206),
                        .other("", "The version the caller has is current.", status: 304),
                    ],
                    handler: read
                )
            ]
        )
    ]

    private static let parameters: [Operation.Parameter] = [
        .path("path", "Cluster path without its first slash; may hold slashes."),
        .header("Range", "One range of bytes; several are answered with the whole file."),
        .header("If-Match", "Versions, as ETag gives them."),
        .header("If-None-Match", "Versions, as ETag gives them."),
        .header("If-Modified-Since", "An HTTP date."),
        .header("If-Unmodified-Since", "An HTTP date."),
        .header("If-Range", "The version, or its exact date, that the range is for."),
        Shared.minimum,
        .header("Tarn-Client", "http (default) or fs: who the bytes are counted for."),
    ]

    @Sendable private static func read(_ call: Call) async throws(Problem) -> APIResponse {
        guard let path = call.captures["path"] else {
            throw Problem(.badPath, "the path is missing")
        }
        let client = try client(of: call)
        let view = try await call.localView()
        return try await answerOfOneVersion(path, client, call)
            .describing(view, region: call.dependencies.region)
    }

    /// Once more from the start where the version has just been replaced: nothing has been sent, and
    /// the client runtime has by now forgotten the version that is gone.
    private static func answerOfOneVersion(
        _ path: ByteString,
        _ client: ClientKind,
        _ call: Call
    ) async throws(Problem) -> APIResponse {
        do throws(Problem) {
            return try await answer(path, client, call)
        } catch {
            guard error.document.knownCode == .versionVanished else { throw error }
            return try await answer(path, client, call)
        }
    }

    private static func answer(
        _ path: ByteString,
        _ client: ClientKind,
        _ call: Call
    ) async throws(Problem) -> APIResponse {
        let file = try await reference(to: path, call)
        let headers = headers(of: file)
        let tag = EntityTag(version: file.version)
        let conditions = FileConditions(
            headers: call.request.headers,
            tag: tag,
            modified: modified(file)
        )
        switch conditions.verdict {
        case .failed:
            throw Problem(.revisionMismatch, "\(path) is at version \(tag.text)")
        case .notModified:
            return APIResponse(status: .notModified, headers: headers)
        case .proceed: break
        }

        let asked = conditions.honoursRange ? call.request.headers.first(name: "Range") : nil
        switch ByteRange(asked, size: file.size) {
        case .whole:
            return try await answer(file, 0..<file.size, .ok, headers, client, call)
        case .part(let range):
            var headers = headers
            headers.add(
                name: "Content-Range",
                value: "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(file.size)"
            )
            return try await answer(file, range, .partialContent, headers, client, call)
        case .unsatisfiable:
            throw Problem(FileError.rangeNotSatisfiable(size: file.size), path: path.text)
        }
    }

    private static func reference(
        to path: ByteString,
        _ call: Call
    ) async throws(Problem) -> FileReference {
        do throws(FileError) {
            let attributes = try await call.dependencies.files.attributes(of: path, view: .object)
            guard attributes.kind == .file else { throw FileError.isADirectory }
            return FileReference(
                path: path,
                size: attributes.size,
                modifiedUnixNS: attributes.modifiedUnixNS,
                version: attributes.version
            )
        } catch {
            throw Problem(error, path: path.text)
        }
    }

    /// The first piece is read before the answer begins: what fails there is still an error answer,
    /// later it can only be a broken connection.
    private static func answer(
        _ file: FileReference,
        _ range: Range<UInt64>,
        _ status: HTTPResponseStatus,
        _ headers: HTTPHeaders,
        _ client: ClientKind,
        _ call: Call
    ) async throws(Problem) -> APIResponse {
        let stream = FileStream(
            files: call.dependencies.files,
            file: file,
            pieces: FilePieces(range: range),
            client: client,
            window: max(1, call.limits.piecesAhead),
            budget: call.budget
        )
        var first = ByteBuffer()
        if !range.isEmpty, call.request.method != .HEAD {
            do {
                first = try await stream.read(0)
            } catch {
                throw Problem(error, path: file.path.text)
            }
        }
        return APIResponse(
            status: status,
            headers: headers,
            body: .stream(length: UInt64(range.count)) { [first] write in
                try await stream.send(first: first, to: write)
            }
        )
    }

    private static func headers(of file: FileReference) -> HTTPHeaders {
        var headers: HTTPHeaders = [
            "Content-Type": "application/octet-stream", "Accept-Ranges": "bytes",
        ]
        if !file.version.isEmpty {
            headers.add(name: "ETag", value: EntityTag(version: file.version).text)
        }
        if let modified = modified(file) {
            headers.add(name: "Last-Modified", value: modified.text)
        }
        return headers
    }

    private static func modified(_ file: FileReference) -> HTTPDate? {
        file.modifiedUnixNS == 0 ? nil : HTTPDate(unixNanoseconds: file.modifiedUnixNS)
    }

    private static func client(of call: Call) throws(Problem) -> ClientKind {
        switch try call.request.header("Tarn-Client") {
        case nil, "http": .http
        case "fs": .fs
        case .some(let other):
            throw Problem(.badValue, "Tarn-Client: '\(other.prefix(40))'; allowed: http, fs")
        }
    }
}
