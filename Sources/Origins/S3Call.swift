// SPDX-License-Identifier: Apache-2.0
import Codecs
import NIOCore
import NIOHTTP1
import Primitives

/// One question to a bucket, before it is signed.
struct S3Call: Sendable {
    let operation: OriginRequestRecord.Method
    /// `nil`: the bucket itself.
    let key: ByteString?
    var query: [(name: ByteString, value: ByteString)] = []
    var headers: [(name: String, value: String)] = []
    /// Judges the head of a 2xx answer before any of its body is read.
    let plan: @Sendable (S3Head) throws(OriginError) -> BodyPlan

    var verb: HTTPMethod { operation == .head ? .HEAD : .GET }

    /// How much of an answer's body may be read.
    enum BodyPlan: Sendable {
        /// Exactly so many bytes, one more or less is an error.
        case exactly(Int)
        /// Whatever comes, but no more than this.
        case upTo(Int)
    }
}

/// Status and headers of an answer.
struct S3Head: Sendable {
    let status: Int
    let headers: HTTPHeaders

    /// The object's version; see ``S3Version``.
    func version(size: UInt64) -> ByteString {
        S3Version.of(
            eTag: headers.first(name: "etag") ?? "",
            size: size,
            modifiedUnixSeconds: modifiedUnixSeconds
        )
    }

    /// 0 where the store does not say.
    var modifiedUnixSeconds: Int64 {
        headers.first(name: "last-modified").flatMap(S3Timestamp.httpDate) ?? 0
    }

    var contentLength: UInt64? {
        headers.first(name: "content-length").flatMap { UInt64($0) }
    }
}

/// The answer to an ``S3Call``, body complete.
struct S3Answer: Sendable {
    let head: S3Head
    let body: ByteBuffer
}
