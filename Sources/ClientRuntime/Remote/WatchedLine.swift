// SPDX-License-Identifier: Apache-2.0
import APIModel
import CatalogCore
import Foundation
import NIOCore
import Primitives

/// One line of a watch as the replica takes it.
enum WatchedLine: Sendable, Equatable {
    case state(ByteString, CatalogValue?)
    case change(Revision, ByteString, CatalogValue?, hasMore: Bool)
    case progress(Revision)
    case closed

    /// A line that is no line of a watch: what is wrong with it.
    struct Garbage: Error, Equatable {
        let why: String
    }

    /// Reads one line.
    ///
    /// Of a key space that this release does not know, only the revision counts: a newer worker may
    /// have more of them.
    init(_ line: ByteBuffer) throws(Garbage) {
        let data = Data(line.readableBytesView)
        let decoder = JSONDecoder()
        do {
            self = try Self.known(try decoder.decode(WatchLine.self, from: data))
        } catch {
            guard let stranger = try? decoder.decode(Stranger.self, from: data),
                !Self.isKnown(stranger.key)
            else { throw Garbage(why: Self.reason(error)) }
            self = stranger.line
        }
    }

    private static func known(_ line: WatchLine) throws(DocumentProblem) -> Self {
        switch line {
        case .state(_, let key, let value):
            .state(ByteString(key), try CatalogValue(value))
        case .put(let revision, let key, let value, let hasMore):
            .change(
                Revision(revision),
                ByteString(key),
                try CatalogValue(value),
                hasMore: hasMore
            )
        case .delete(let revision, let key, let hasMore):
            .change(Revision(revision), ByteString(key), nil, hasMore: hasMore)
        case .progress(let revision): .progress(Revision(revision))
        case .closed: .closed
        }
    }

    private static func isKnown(_ key: String) -> Bool {
        let key = ByteString(key)
        return key == CatalogKey.voters || key.hasPrefix(CatalogKey.mounts)
            || key.hasPrefix(CatalogKey.workers) || key.hasPrefix(CatalogKey.rings)
            || key.hasPrefix(CatalogKey.credentials)
    }

    private static func reason(_ error: any Error) -> String {
        switch error {
        case let error as DecodingError: error.apiDetail
        case let problem as DocumentProblem: "\(problem.member): '\(problem.value)'"
        default: "\(error)"
        }
    }

    /// The frame of a line whose value nobody here can read.
    private struct Stranger: Decodable {
        enum Kind: String, Decodable { case state, put, delete }

        let type: Kind
        let revision: UInt64
        let key: String
        let more: Bool?

        var line: WatchedLine {
            type == .state
                ? .state(ByteString(key), nil)
                : .change(Revision(revision), ByteString(key), nil, hasMore: more ?? false)
        }
    }
}
