// SPDX-License-Identifier: Apache-2.0
package import CatalogCore
import NIOCore
package import Origins
package import Primitives

/// Looks at the origin of a mount as this worker's region sees it, past every cache.
///
/// One look is short and bounded, in time, memory and what the origin is asked; who wants to know about
/// a whole bucket looks again and again. Nothing is kept in between.
package protocol OriginSurveying: Sendable {
    /// Which origin a mount has here.
    func subject(at path: ByteString) throws(FileError) -> SurveySubject

    /// Names and sizes, from `continuation` on.
    ///
    /// - Returns: What was found, and where to go on; `nil`: that was all.
    func names(
        of subject: SurveySubject,
        from continuation: ByteString?,
        upTo hash: UInt64
    ) async throws(FileError) -> (found: SurveyedNames, next: ByteString?)

    /// What the store itself says about objects, in the order of `names`.
    func checksums(
        of names: [ByteString],
        in subject: SurveySubject
    ) async -> [Result<ObjectChecksums, FileError>]

    /// CRC-32C of objects' content, in the order of `names`: of the first and last MiB of those over
    /// 2 MiB.
    func content(
        of names: [ByteString],
        in subject: SurveySubject
    ) async -> [Result<ObjectChecksums, FileError>]
}

/// A mount's origin in one region.
package struct SurveySubject: Sendable {
    package let entry: MountEntry
    /// The origin's URI.
    package let uri: String
    let origin: any Origin
    let prefix: ByteString

    package init(entry: MountEntry, uri: String, origin: any Origin, prefix: ByteString) {
        self.entry = entry
        self.uri = uri
        self.origin = origin
        self.prefix = prefix
    }
}

package struct OriginSurveyor: OriginSurveying {
    /// Pages of a listing in one look, and the time after which it begins no further one.
    private static let pageLimit = 16
    private static let pageTime = Duration.seconds(4)
    /// Keys of a page: S3 gives 1,000, and a directory is gone through once for each.
    private static let listingLimit = 10_000
    /// Objects that are asked for at a time.
    private static let inFlight = 16
    private static let contentInFlight = 4
    /// Bytes of content that are read from either end.
    private static let endByteCount: UInt64 = 1 << 20

    private let origins: OriginTable

    package init(origins: OriginTable) { self.origins = origins }

    package func subject(at path: ByteString) throws(FileError) -> SurveySubject {
        guard let mount = origins.mount(at: path) else { throw .notFound }
        do throws(OriginError) {
            return SurveySubject(
                entry: mount.entry,
                uri: mount.request.location.uri(of: ""),
                origin: try origins.origin(for: mount.request, mount: path),
                prefix: mount.request.location.keyPrefix
            )
        } catch {
            throw FileError(error)
        }
    }

    package func names(
        of subject: SurveySubject,
        from continuation: ByteString?,
        upTo hash: UInt64
    ) async throws(FileError) -> (found: SurveyedNames, next: ByteString?) {
        var found = SurveyedNames()
        var next = continuation
        let end = ContinuousClock.now + Self.pageTime
        for number in 1...Self.pageLimit {
            let page: OriginListing
            do throws(OriginError) {
                page = try await subject.origin.list(
                    OriginListQuery(
                        prefix: subject.prefix,
                        isDelimited: false,
                        continuation: next,
                        limit: Self.listingLimit
                    )
                )
            } catch {
                throw FileError(error)
            }
            found.add(page.objects.compactMap { Self.entry($0, in: subject) }, upTo: hash)
            guard let more = page.next, more != next else { return (found, nil) }
            next = more
            if number == Self.pageLimit || ContinuousClock.now >= end { break }
        }
        return (found, next)
    }

    package func checksums(
        of names: [ByteString],
        in subject: SurveySubject
    ) async -> [Result<ObjectChecksums, FileError>] {
        await Self.each(of: names, atOnce: Self.inFlight) { name throws(OriginError) in
            try await subject.origin.checksums(of: subject.prefix + name)
        }
    }

    package func content(
        of names: [ByteString],
        in subject: SurveySubject
    ) async -> [Result<ObjectChecksums, FileError>] {
        await Self.each(of: names, atOnce: Self.contentInFlight) { name throws(OriginError) in
            try await Self.content(of: subject.prefix + name, in: subject.origin)
        }
    }

    // MARK: - Private

    /// `nil` for what marks a directory: other stores need none.
    private static func entry(
        _ object: OriginObject,
        in subject: SurveySubject
    ) -> SurveyedNames.Entry? {
        let name = object.key.dropFirst(subject.prefix.count)
        if object.size == 0, name.isEmpty || name.hasSuffix("/") { return nil }
        return SurveyedNames.Entry(name: name, size: object.size)
    }

    private static func content(
        of key: ByteString,
        in origin: any Origin
    ) async throws(OriginError) -> ObjectChecksums {
        let object = try await origin.attributes(of: key)
        let size = object.size
        let end = endByteCount
        let ranges =
            size <= 2 * end
            ? [0..<min(size, end), min(size, end)..<size] : [0..<end, size - end..<size]
        var sum: UInt32 = 0
        for range in ranges where !range.isEmpty {
            let bytes = try await origin.read(object, range: range)
            sum = CRC32C.checksum(Array(bytes.readableBytesView), after: sum)
        }
        let digits = hexText((0..<4).map { UInt8(truncatingIfNeeded: sum >> (24 - 8 * $0)) })
        return ObjectChecksums(size: size, values: ["crc32c": digits])
    }

    /// What one of many questions came to; no pair, because an optimised child of a task group
    /// that awaits while it builds one returns garbage (Swift 6.3).
    private struct Answer: Sendable {
        let position: Int
        let result: Result<ObjectChecksums, FileError>
    }

    /// Asks about every name, so many at a time, and answers in their order.
    private static func each(
        of names: [ByteString],
        atOnce limit: Int,
        _ ask: @escaping @Sendable (ByteString) async throws(OriginError) -> ObjectChecksums
    ) async -> [Result<ObjectChecksums, FileError>] {
        await withTaskGroup(of: Answer.self) { group in
            var answers: [Int: Result<ObjectChecksums, FileError>] = [:]
            for (position, name) in names.enumerated() {
                if position >= limit, let answer = await group.next() {
                    answers[answer.position] = answer.result
                }
                group.addTask {
                    do throws(OriginError) {
                        return Answer(position: position, result: .success(try await ask(name)))
                    } catch {
                        return Answer(position: position, result: .failure(FileError(error)))
                    }
                }
            }
            for await answer in group { answers[answer.position] = answer.result }
            return names.indices.map { answers[$0] ?? .failure(.timedOut) }
        }
    }
}
