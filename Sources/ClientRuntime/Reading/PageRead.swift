// SPDX-License-Identifier: Apache-2.0
import CatalogCore
import Codecs
import NIOCore
import PlacementCore
import Primitives

/// A range of one page of one file: what is asked of its owners.
struct PageRead: Sendable {
    let resolution: Resolution
    let file: FileReference
    let page: UInt32
    /// In the page, in bytes.
    let range: Range<UInt32>
    let readAhead: UInt64

    var placement: PlacementKey {
        PlacementKey(
            origin: resolution.originID,
            key: resolution.key,
            unit: PageGeometry.unit(ofPage: page)
        )
    }

    /// In the file, in bytes.
    var fileRange: Range<UInt64> {
        let start = UInt64(page) * PageGeometry.pageByteCount
        return start + UInt64(range.lowerBound)..<start + UInt64(range.upperBound)
    }

    func request(
        _ mode: PageReadRequest.Mode,
        epoch: RingEpoch,
        region: String
    ) -> PageReadRequest {
        PageReadRequest(
            mode: mode,
            epoch: epoch,
            region: region,
            mount: resolution.mount.path,
            origin: resolution.originID,
            key: resolution.key,
            version: file.version,
            objectByteCount: file.size,
            modifiedUnixNS: file.modifiedUnixNS,
            page: page,
            range: range,
            readAhead: readAhead
        )
    }

    /// Cuts a range of a file into its pages.
    static func pages(
        of file: FileReference,
        range: Range<UInt64>,
        geometry: PageGeometry,
        resolution: Resolution,
        readAhead: UInt64
    ) -> [PageRead] {
        geometry.pages(covering: range).map { page in
            let whole = geometry.range(ofPage: page)
            let part = range.clamped(to: whole)
            let behind = range.upperBound - part.upperBound
            return PageRead(
                resolution: resolution,
                file: file,
                page: page,
                range: UInt32(
                    part.lowerBound - whole.lowerBound
                )..<UInt32(part.upperBound - whole.lowerBound),
                readAhead: behind + readAhead
            )
        }
    }
}
