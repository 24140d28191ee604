// SPDX-License-Identifier: Apache-2.0
import Codecs
package import NIOCore
package import Primitives

/// A bucket of any S3-compatible store.
///
/// Reads are conditional twice over: `If-Match` is sent, and ETag, range and length of the answer are
/// compared here, because some stores ignore the header.
package struct S3Origin: Origin {
    private let store: S3Store
    private let observer: OriginObserver

    init(store: S3Store, observer: @escaping OriginObserver) {
        self.store = store
        self.observer = observer
    }

    package func attributes(of key: ByteString) async throws(OriginError) -> OriginObject {
        guard Self.isSendable(key) else { throw .notFound }
        let call = S3Call(operation: .head, key: key) { _ in .upTo(0) }
        let head = try await store.ask(call, observer: observer).head
        guard let size = head.contentLength else {
            throw .brokenBody("the answer to HEAD has no Content-Length")
        }
        return OriginObject(
            key: key,
            size: size,
            modifiedUnixNS: Self.nanoseconds(head.modifiedUnixSeconds),
            version: head.version(size: size)
        )
    }

    package func checksums(of key: ByteString) async throws(OriginError) -> ObjectChecksums {
        guard Self.isSendable(key) else { throw .notFound }
        var call = S3Call(operation: .head, key: key) { _ in .upTo(0) }
        call.headers.append(("x-amz-checksum-mode", "ENABLED"))
        let head = try await store.ask(call, observer: observer).head
        guard let size = head.contentLength else {
            throw .brokenBody("the answer to HEAD has no Content-Length")
        }
        return ObjectChecksums(size: size, values: head.wholeObjectChecksums)
    }

    package func read(
        _ object: OriginObject,
        range: Range<UInt64>
    ) async throws(OriginError) -> ByteBuffer {
        guard Self.isSendable(object.key) else { throw .notFound }
        guard !range.isEmpty, range.upperBound <= object.size, range.count <= readLimit else {
            throw .rangeNotSatisfiable
        }
        var call = S3Call(operation: .get, key: object.key) { head throws(OriginError) in
            try S3RangeCheck(object: object, range: range).plan(head)
        }
        call.headers.append(("range", "bytes=\(range.lowerBound)-\(range.upperBound - 1)"))
        if let condition = S3Version.condition(object.version) {
            call.headers.append(("if-match", condition))
        }
        return try await store.ask(call, observer: observer).body
    }

    package func list(_ query: OriginListQuery) async throws(OriginError) -> OriginListing {
        var pairs: [(name: ByteString, value: ByteString)] = [
            ("list-type", "2"), ("encoding-type", "url"), ("prefix", query.prefix),
            ("max-keys", ByteString(String(min(max(query.limit, 1), 1000)))),
        ]
        if query.isDelimited { pairs.append(("delimiter", "/")) }
        if let token = query.continuation { pairs.append(("continuation-token", token)) }

        var call = S3Call(operation: .list, key: nil) { _ in .upTo(Self.listingLimit) }
        call.query = pairs
        let answer = try await store.ask(call, observer: observer)
        return try Self.listing(Array(answer.body.readableBytesView), prefix: query.prefix)
    }

    // MARK: - Parts

    /// Bytes of one read: what ``Origin/read(_:range:)`` allows.
    private var readLimit: UInt64 { 64 << 20 }

    /// Bytes of one listing: 1000 keys of 1024 bytes, three characters each, and their frames.
    private static let listingLimit = 8 << 20

    /// S3's keys are UTF-8 of 1 to 1024 bytes.
    ///
    /// Any other is nowhere, and must not be sent: `URL` turns a path that is not UTF-8 into `/`.
    private static func isSendable(_ key: ByteString) -> Bool {
        (1...1024).contains(key.count) && key.validText != nil
    }

    private static func nanoseconds(_ seconds: Int64) -> Int64 {
        let (product, isOverflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        return isOverflow ? 0 : product
    }

    private static func listing(
        _ document: [UInt8],
        prefix: ByteString
    ) throws(OriginError) -> OriginListing {
        let page: S3ListXML
        do {
            page = try S3ListXML(document: document)
        } catch {
            throw .brokenBody("the listing is not one: \(error)")
        }
        let keys = page.objects.map(\.key) + page.prefixes
        guard keys.allSatisfy({ $0.hasPrefix(prefix) }) else {
            throw .brokenBody("the listing holds a key outside its prefix")
        }
        // Stores that keep to S3's order are sorted already; in others at least each page is.
        return OriginListing(
            objects: page.objects.map(object).sorted { $0.key < $1.key },
            prefixes: page.prefixes.sorted(),
            next: page.nextToken.map { ByteString($0) },
            directoryExists: prefix.hasSuffix("/") && page.objects.contains { $0.key == prefix }
        )
    }

    private static func object(_ listed: S3ListXML.Object) -> OriginObject {
        OriginObject(
            key: listed.key,
            size: listed.size,
            modifiedUnixNS: nanoseconds(listed.modifiedUnixSeconds),
            version: S3Version.of(
                eTag: listed.eTag,
                size: listed.size,
                modifiedUnixSeconds: listed.modifiedUnixSeconds
            )
        )
    }
}
