// SPDX-License-Identifier: Apache-2.0
import CatalogCore
package import Codecs
package import Primitives

/// Versions that readers found to exist nowhere any more: what still names them is replaced.
///
/// Without it each open until the end of the time to live would be given the version that nobody can
/// read. Readers of one gone version cost the origin one request: the others find its answer.
extension MetadataService {
    /// Attributes of `path`; not those of the version `gone` unless the origin has just said so.
    ///
    /// `nil` is the ordinary question. The answer replaces what is kept about the name: both views, and
    /// the entry in a listing.
    package func attributes(
        of path: ByteString,
        view: PathView,
        gone: ByteString?
    ) async throws(FileError) -> PageAttributes {
        guard let gone, let resolution = origins.resolve(path), !resolution.name.isEmpty else {
            return try await attributes(of: path, view: view)
        }
        let found: Loaded<PageAttributes>
        if let kept = kept(resolution, otherThan: gone) {
            found = kept
        } else {
            found = await loadAndKeep(resolution, view: .object)
        }
        if found.result.isWorthKeeping { replace(gone, of: resolution, with: found) }
        return try found.result.get().valid(for: rest(of: found.askedAtMS, resolution))
    }

    /// What an earlier reader of the same gone version was answered.
    private func kept(
        _ resolution: Resolution,
        otherThan gone: ByteString
    ) -> Loaded<PageAttributes>? {
        guard let cached = attributes.value(for: key(resolution, resolution.name, .object)),
            validity(of: cached.loadedAtMS, resolution) != nil, !cached.value.names(gone)
        else { return nil }
        return Loaded(result: cached.value, askedAtMS: cached.loadedAtMS)
    }

    /// Lets what is kept about a file's name, and names the gone version, say what was found.
    private func replace(
        _ gone: ByteString,
        of resolution: Resolution,
        with found: Loaded<PageAttributes>
    ) {
        attributes.update(key(resolution, resolution.name, .posix)) { cached in
            guard cached.value.names(gone) else { return }
            (cached.value, cached.loadedAtMS) = (found.result, found.askedAtMS)
        }
        let (parent, name) = Self.split(resolution.name)
        listings.update(key(resolution, parent, .posix)) { cached in
            guard let entry = cached.value.entry(named: name), !entry.isDirectory,
                entry.version == gone
            else { return }
            cached.value.correct(name, with: (try? found.result.get()).map { .init(name, $0) })
        }
    }
}

extension Result<PageAttributes, FileError> {
    fileprivate func names(_ version: ByteString) -> Bool {
        guard case .success(let attributes) = self else { return false }
        return attributes.kind == .file && attributes.version == version
    }
}

extension DirectoryListing.Entry {
    /// A file as a look-up found it.
    fileprivate init(_ name: ByteString, _ attributes: PageAttributes) {
        self.init(
            name: name,
            isDirectory: false,
            size: attributes.byteCount,
            modifiedUnixNS: attributes.modifiedUnixNS,
            version: attributes.version
        )
    }
}
