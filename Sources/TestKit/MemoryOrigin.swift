// SPDX-License-Identifier: Apache-2.0
package import NIOCore
package import Origins
package import Primitives
import Synchronization

/// An origin in memory that counts what it is asked, and fails when it is told to.
package final class MemoryOrigin: Origin {
    private struct State {
        var objects: [ByteString: (object: OriginObject, bytes: [UInt8])] = [:]
        var reads: [Range<UInt64>] = []
        var listCount = 0
        var headCount = 0
        var failure: OriginError?
        var isHeld = false
    }

    private let state = Mutex(State())

    package init() {}

    /// Ranges of all reads that were answered or failed, in order.
    package var reads: [Range<UInt64>] { state.withLock(\.reads) }
    package var listCount: Int { state.withLock(\.listCount) }
    package var headCount: Int { state.withLock(\.headCount) }

    /// Stores an object; its version is `version`.
    package func put(_ key: ByteString, _ bytes: [UInt8], version: ByteString = "v1") {
        let object = OriginObject(
            key: key,
            size: UInt64(bytes.count),
            modifiedUnixNS: 1_000,
            version: version
        )
        state.withLock { $0.objects[key] = (object, bytes) }
    }

    package func remove(_ key: ByteString) { state.withLock { $0.objects[key] = nil } }

    /// Every call fails with this; `nil`: none.
    package func fail(with error: OriginError?) { state.withLock { $0.failure = error } }

    /// Calls begin but do not end until ``release()``.
    package func hold() { state.withLock { $0.isHeld = true } }

    package func release() { state.withLock { $0.isHeld = false } }

    package func attributes(of key: ByteString) async throws(OriginError) -> OriginObject {
        try await begin { $0.headCount += 1 }
        guard let found = state.withLock({ $0.objects[key] }) else { throw .notFound }
        return found.object
    }

    package func list(_ query: OriginListQuery) async throws(OriginError) -> OriginListing {
        try await begin { $0.listCount += 1 }
        let objects = state.withLock { $0.objects.values.map(\.object) }
            .filter { $0.key.hasPrefix(query.prefix) && $0.key > query.continuation ?? "" }
            .sorted { $0.key < $1.key }
        var page = (objects: [OriginObject](), prefixes: [ByteString]())
        for (index, object) in objects.enumerated() {
            let rest = object.key.dropFirst(query.prefix.count)
            if query.isDelimited, let slash = rest.bytes.firstIndex(of: UInt8(ascii: "/")) {
                let common = query.prefix + ByteString(rest.bytes[...slash])
                if page.prefixes.last != common { page.prefixes.append(common) }
            } else {
                page.objects.append(object)
            }
            let isFull = page.objects.count + page.prefixes.count == query.limit
            if isFull, index + 1 < objects.count {
                return OriginListing(
                    objects: page.objects,
                    prefixes: page.prefixes,
                    next: object.key
                )
            }
        }
        return OriginListing(objects: page.objects, prefixes: page.prefixes, next: nil)
    }

    package func read(
        _ object: OriginObject,
        range: Range<UInt64>
    ) async throws(OriginError) -> ByteBuffer {
        try await begin { $0.reads.append(range) }
        guard let found = state.withLock({ $0.objects[object.key] }) else { throw .notFound }
        guard found.object == object else { throw .changed }
        return ByteBuffer(bytes: found.bytes[Int(range.lowerBound)..<Int(range.upperBound)])
    }

    private func begin(_ count: (inout State) -> Void) async throws(OriginError) {
        state.withLock { count(&$0) }
        while state.withLock(\.isHeld) { try? await Task.sleep(for: .milliseconds(1)) }
        if let failure = state.withLock(\.failure) { throw failure }
    }
}
