// SPDX-License-Identifier: Apache-2.0
package import APIModel
package import CatalogCore
package import ClientRuntime
package import Primitives

extension ResolveDocument {
    /// Where `path` comes from in `region`, by the catalog at `revision`.
    package init(
        _ resolution: Resolution,
        path: ByteString,
        region: String,
        revision: Revision
    ) {
        self.init(
            path: path.text,
            mount: resolution.mount.path.text,
            region: region,
            origin: resolution.uri,
            revision: revision.rawValue
        )
    }
}

extension LocateDocument {
    /// Owners of one byte.
    package init(_ location: PageLocation) {
        self.init(
            path: location.path.text,
            offset: location.offset,
            unit: UInt64(location.unit),
            hash: hexText(location.hash),
            epoch: location.epoch.rawValue,
            owners: location.owners,
            previousOwners: location.previousOwners,
            cachedOn: location.cachedOn
        )
    }
}

extension ListDocument {
    /// One page of the directory `path`.
    package init(_ page: DirectoryPage, of path: ByteString) {
        self.init(
            path: path.text,
            entries: page.entries.map(ListEntryDocument.init),
            next: page.hasMore ? page.entries.last.map { ListCursor.text(of: $0.cursor) } : nil
        )
    }
}

extension ListEntryDocument {
    fileprivate init(_ entry: DirectoryEntry) {
        let attributes = entry.attributes
        let modified = attributes.modifiedUnixNS
        switch attributes.kind {
        case .file:
            self.init(
                name: entry.name.text,
                type: .file,
                size: attributes.size,
                modified: modified == 0 ? nil : Timestamp(unixNanoseconds: modified),
                version: attributes.version.text
            )
        case .directory:
            self.init(
                name: entry.name.text,
                type: .directory,
                size: nil,
                modified: modified == 0 ? nil : Timestamp(unixNanoseconds: modified),
                version: nil
            )
        }
    }
}

/// The member `next` of a listing, which comes back as `after`.
///
/// A name as it is, so that people can write one, and of a directory with a `/` behind it; a name that JSON cannot carry, or that looks like
/// the escape itself, as U+0001 and its bytes in hex. Without that, a page that ends with such a
/// name would be followed by itself for ever.
enum ListCursor {
    private static let mark = "\u{1}"

    static func text(of name: ByteString) -> String {
        guard let text = name.validText, !text.hasPrefix(mark) else {
            return mark + hexText(name.bytes)
        }
        return text
    }

    /// `nil`: not a cursor that ``text(of:)`` makes.
    static func name(of text: ByteString) -> ByteString? {
        guard text.bytes.first == 1 else { return text }
        let digits = text.bytes.dropFirst().map(hexDigit)
        guard digits.count.isMultiple(of: 2), !digits.contains(nil) else { return nil }
        let values = digits.compactMap { $0 }
        return ByteString(
            stride(from: 0, to: values.count, by: 2).map { values[$0] << 4 | values[$0 + 1] }
        )
    }
}
