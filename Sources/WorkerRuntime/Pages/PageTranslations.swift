// SPDX-License-Identifier: Apache-2.0
import ClientRuntime
package import Codecs
import NIOCore
import Origins
import PageStorage
package import PlacementCore
import Primitives

extension ObjectIdentity {
    init(_ request: PageReadRequest) {
        self.init(
            origin: request.origin,
            key: request.key,
            version: request.version,
            byteCount: request.objectByteCount
        )
    }
}

extension OriginObject {
    init(_ request: PageReadRequest) {
        self.init(
            key: request.key,
            size: request.objectByteCount,
            modifiedUnixNS: request.modifiedUnixNS,
            version: request.version
        )
    }
}

extension PageGeometry {
    /// Up to `pageCount` pages from `first` on, within the object and within `first`'s unit: the next
    /// unit has another owner.
    func window(from first: UInt32, pageCount wanted: UInt32) -> Range<UInt32> {
        let unit = pages(ofUnit: Self.unit(ofPage: first))
        guard unit.contains(first) else { return first..<first }
        return first..<first + min(wanted, unit.upperBound - first)
    }

    /// The same for what lies behind `page`, which its owner may fetch ahead.
    func window(behind page: UInt32, pageCount wanted: UInt32) -> Range<UInt32> {
        let unit = pages(ofUnit: Self.unit(ofPage: page))
        guard page < unit.upperBound else { return page..<page }
        return page + 1..<page + 1 + min(wanted, unit.upperBound - page - 1)
    }
}

extension PageFailure {
    /// What the asking worker or client is told when an origin failed: the one translation.
    init(_ error: OriginError) {
        self =
            switch error {
            case .notFound: .stale
            case .accessDenied(let code): .accessDenied(code: code)
            case .changed, .rangeNotSatisfiable: .originChanged
            case .throttled(let status): .originThrottled(status: UInt16(clamping: status))
            case .unexpectedStatus(let status, let code):
                .originStatus(UInt16(clamping: status), code: code)
            case .timedOut(let afterMS): .originTimedOut(afterMS: afterMS)
            case .unreachable(let why): .originUnreachable(why)
            case .brokenBody(let why): .originBrokenBody(why)
            case .misconfigured(let why): .misconfigured(why)
            case .unknownCredential(let name): .unknownCredential(name)
            case .io(let errno): .originIO(errno: errno)
            }
    }
}

extension ByteBuffer {
    /// CRC-32C of the readable bytes.
    var crc32c: UInt32 { unsafe withUnsafeReadableBytes { unsafe CRC32C.checksum($0) } }
}

extension PageReadRequest {
    /// Where the page belongs.
    package var placement: PlacementKey {
        PlacementKey(origin: origin, key: key, unit: PageGeometry.unit(ofPage: page))
    }
}
