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

extension LocalityDocument {
    /// Workers by what they hold.
    package init(_ locality: PathLocality) {
        self.init(
            path: locality.path.text,
            files: locality.fileCount,
            bytes: locality.byteCount,
            sample: locality.isSample,
            workers: locality.workers.map { Worker(name: $0.worker, bytes: $0.byteCount) }
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
