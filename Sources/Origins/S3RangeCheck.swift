// SPDX-License-Identifier: Apache-2.0
import NIOHTTP1

/// Decides from the head of an answer whether its body is the bytes that were asked for.
///
/// | answer                                   | verdict |
/// | ---------------------------------------- | --- |
/// | 206, same version, size and range        | read exactly the range |
/// | 206 or 200, another version or size      | changed |
/// | 206 of another range, or without one     | broken |
/// | 200 with length and Content-Range        | as 206: rclone answers so |
/// | 200, the range is the whole object       | read exactly the object |
/// | 200 otherwise                            | broken; the body is not read |
struct S3RangeCheck: Sendable {
    let object: OriginObject
    let range: Range<UInt64>

    func plan(_ head: S3Head) throws(OriginError) -> S3Call.BodyPlan {
        let saysRange = head.headers.contains(name: "content-range") && head.contentLength != nil
        switch head.status {
        case 206: try partial(head)
        case 200 where saysRange: try partial(head)
        case 200: try whole(head)
        default: throw .unexpectedStatus(head.status, code: "")
        }
        let length = UInt64(range.count)
        guard head.contentLength ?? length == length else {
            throw .brokenBody("it announces \(head.contentLength ?? 0) of \(length) bytes")
        }
        return .exactly(range.count)
    }

    private func partial(_ head: S3Head) throws(OriginError) {
        guard let field = head.headers.first(name: "content-range"),
            let given = ContentRange(field)
        else { throw .brokenBody("206 without a Content-Range") }

        let total = given.total ?? object.size
        guard total == object.size, head.version(size: total) == object.version else {
            throw .changed
        }
        guard given.range == range else {
            throw .brokenBody("it is bytes \(given.range), not \(range)")
        }
    }

    private func whole(_ head: S3Head) throws(OriginError) {
        let size = head.contentLength ?? object.size
        guard head.version(size: size) == object.version else { throw .changed }
        guard range == 0..<object.size else {
            throw .brokenBody("200 instead of 206: the store ignores ranges")
        }
        guard size == object.size else { throw .changed }
    }

    /// `bytes 0-9/100` or `bytes 0-9/*` (RFC 9110 §14.4).
    private struct ContentRange {
        let range: Range<UInt64>
        let total: UInt64?

        init?(_ field: String) {
            let parts = field.split(separator: " ")
            guard parts.count == 2, parts[0] == "bytes" else { return nil }
            let sides = parts[1].split(separator: "/")
            let ends = sides.first?.split(separator: "-") ?? []
            guard sides.count == 2, ends.count == 2, let first = UInt64(ends[0]),
                let last = UInt64(ends[1]), first <= last, last < .max
            else { return nil }
            range = first..<last + 1
            total = UInt64(sides[1])
            if total == nil, sides[1] != "*" { return nil }
        }
    }
}
