// SPDX-License-Identifier: Apache-2.0
import CatalogCore
package import Codecs
import Origins
package import Primitives

/// Directories: listed whole, kept, and handed out by the page.
extension MetadataService {
    package func list(
        _ path: ByteString,
        after: ByteString?,
        limit: Int
    ) async throws(FileError) -> PageDirectory {
        let (listing, validFor) = try await listing(of: path, isContinued: after != nil)
        let page = listing.page(after: after, limit: limit)
        return PageDirectory(
            entries: page.entries.map { entry in
                PageDirectoryEntry(
                    name: entry.name,
                    attributes: entry.attributes.valid(for: validFor)
                )
            },
            hasMore: page.hasMore
        )
    }

    func listing(
        of path: ByteString,
        isContinued: Bool
    ) async throws(FileError) -> (DirectoryListing, validFor: Timespan?) {
        guard let resolution = origins.resolve(path) else { throw .notFound }
        guard resolution.name.isEmpty || Self.isShowable(resolution.name) else { throw .notFound }

        let key = key(resolution, resolution.name, .posix)
        let cached = listings.value(for: key)
        if let cached, !cached.value.isOutdated {
            if let left = validity(of: cached.loadedAtMS, resolution) {
                return (cached.value, left)
            }
            if isContinued, canBeContinued(cached, resolution) {
                return (cached.value, Timespan(milliseconds: 0))
            }
        }
        let loaded = await listingFlights.value(for: key) {
            await self.loadAndKeep(resolution, path: path, key: key)
        }
        if case .failure(let error) = loaded.result, error.isOutage, let cached {
            return (cached.value, Self.outageValidity)
        }
        let listing = try loaded.result.get()
        let isThere = listing.exists || resolution.name.isEmpty || !listing.entries.isEmpty
        guard isThere else { throw try await reasonForNothing(path) }
        return (listing, rest(of: loaded.askedAtMS, resolution))
    }

    /// Says why nothing lies below: a file has the name, or nothing has.
    private func reasonForNothing(_ path: ByteString) async throws(FileError) -> FileError {
        _ = try await attributes(of: path, view: .object)
        return .notADirectory
    }

    func loadAndKeep(
        _ resolution: Resolution,
        path: ByteString,
        key: Key
    ) async -> Loaded<DirectoryListing> {
        let asked = now()
        do throws(FileError) {
            let listing = try await load(resolution, path: path)
            hidden(resolution.mount.path, listing.hiddenCount)
            if listing.exists || resolution.name.isEmpty {
                let weight = listing.entries.count + 1
                listings.insert(
                    listing,
                    for: key,
                    weight: weight,
                    loadedAtMS: asked,
                    completeAtMS: now()
                )
            }
            return Loaded(result: .success(listing), askedAtMS: asked)
        } catch {
            return Loaded(result: .failure(error), askedAtMS: asked)
        }
    }

    func load(
        _ resolution: Resolution,
        path: ByteString
    ) async throws(FileError) -> DirectoryListing {
        let prefix = resolution.name.isEmpty ? resolution.key : resolution.key + "/"
        var builder = DirectoryListingBuilder(prefix: prefix)
        for child in origins.virtualChildren(of: path) { builder.addDirectory(child) }
        do throws(OriginError) {
            let origin = try origins.origin(of: resolution)
            var continuation: ByteString?
            repeat {
                let page = try await origin.list(
                    OriginListQuery(
                        prefix: prefix,
                        isDelimited: true,
                        continuation: continuation,
                        limit: Self.pageLimit
                    )
                )
                builder.add(page)
                continuation = page.next
            } while continuation != nil && builder.count <= DirectoryListingBuilder.entryLimit
        } catch {
            throw FileError(error)
        }
        guard builder.count <= DirectoryListingBuilder.entryLimit else {
            throw .originFailed(
                "the directory has more than \(DirectoryListingBuilder.entryLimit) entries"
            )
        }
        return builder.build()
    }
}
