// SPDX-License-Identifier: Apache-2.0
import CatalogCore
package import Codecs
import Origins
package import Primitives

/// Attributes and listings as their owner keeps them: from the origin, for the mount's time to live.
///
/// While the origin is out of order, what is known is used past its time: readers of cached data must
/// not notice.
package final class MetadataService: Sendable {
    struct Key: Hashable, Sendable {
        let mount: ByteString
        let revision: Revision
        let name: ByteString
        let view: PathView
    }

    /// What a load gave, and when it began: from then on its answer ages, whoever joined it.
    struct Loaded<Value: Sendable>: Sendable {
        let result: Result<Value, FileError>
        let askedAtMS: UInt64
    }

    /// Entries of listings, and single attributes, kept at most.
    private static let listingWeight = 4_000_000
    private static let attributeWeight = 2_000_000
    /// Entries asked of an origin at once; one with smaller pages gives fewer.
    static let pageLimit = 10_000
    /// How much longer than its time to live, or than it took to list, a directory's later pages are
    /// taken from the listing that gave the first.
    private static let continuationMS: UInt64 = 60_000
    /// What an answer used past its time is good for.
    static let outageValidity = Timespan.seconds(1)

    let origins: OriginTable
    let now: @Sendable () -> UInt64
    let hidden: @Sendable (ByteString, Int) -> Void
    let listings = MetadataCache<Key, DirectoryListing>(weightLimit: listingWeight)
    let attributes = MetadataCache<Key, Result<PageAttributes, FileError>>(
        weightLimit: attributeWeight
    )
    let listingFlights = SingleFlight<Key, Loaded<DirectoryListing>>()
    private let attributeFlights = SingleFlight<Key, Loaded<PageAttributes>>()

    /// Keeps nothing yet.
    ///
    /// - Parameters:
    ///   - origins: Whom to ask.
    ///   - now: Milliseconds of a clock that never goes back.
    ///   - hidden: Told how many keys of a mount's listing POSIX cannot show.
    package init(
        origins: OriginTable,
        now: @escaping @Sendable () -> UInt64,
        hidden: @escaping @Sendable (ByteString, Int) -> Void
    ) {
        self.origins = origins
        self.now = now
        self.hidden = hidden
    }

    /// Whether this process's catalog has a mount for the path.
    package func knows(_ path: ByteString) -> Bool { origins.resolve(path) != nil }

    // MARK: - Attributes

    package func attributes(
        of path: ByteString,
        view: PathView
    ) async throws(FileError) -> PageAttributes {
        guard let resolution = origins.resolve(path) else { throw .notFound }
        if resolution.name.isEmpty { return Self.directory(validFor: ttl(of: resolution)) }
        if view == .posix, !Self.isShowable(resolution.name) { throw .notFound }
        if view == .posix, !origins.virtualChildren(of: path).isEmpty {
            return Self.directory(validFor: ttl(of: resolution))
        }
        if let known = try knownFromListing(resolution, view: view) { return known }
        return try await loaded(resolution, view: view)
    }

    func loaded(
        _ resolution: Resolution,
        view: PathView
    ) async throws(FileError) -> PageAttributes {
        let key = key(resolution, resolution.name, view)
        let cached = attributes.value(for: key)
        if let cached, let left = validity(of: cached.loadedAtMS, resolution) {
            return try cached.value.get().valid(for: left)
        }
        let loaded = await loadAndKeep(resolution, view: view)
        if case .failure(let error) = loaded.result, error.isOutage {
            if let cached { return try cached.value.get().valid(for: Self.outageValidity) }
            if let listed = try listed(resolution, view: view) {
                return listed.valid(for: Self.outageValidity)
            }
        }
        return try loaded.result.get().valid(for: rest(of: loaded.askedAtMS, resolution))
    }

    /// Asks the origin, or joins who is asking it.
    func loadAndKeep(_ resolution: Resolution, view: PathView) async -> Loaded<PageAttributes> {
        let key = key(resolution, resolution.name, view)
        return await attributeFlights.value(for: key) {
            let asked = self.now()
            let result = await self.load(resolution, view: view)
            if result.isWorthKeeping {
                self.attributes.insert(
                    result,
                    for: key,
                    weight: 1,
                    loadedAtMS: asked,
                    completeAtMS: self.now()
                )
            }
            return Loaded(result: result, askedAtMS: asked)
        }
    }

    /// Asks the origin: is there an object, is there anything below.
    func load(
        _ resolution: Resolution,
        view: PathView
    ) async -> Result<PageAttributes, FileError> {
        do throws(OriginError) {
            let origin = try origins.origin(of: resolution)
            let key = resolution.key
            if view == .posix {
                async let object = Self.object(key, in: origin)
                async let isDirectory = Self.hasChildren(key, in: origin)
                if try await isDirectory.get() { return .success(Self.directory(validFor: nil)) }
                return .success(try await object.get().attributes)
            }
            return .success(try await Self.object(key, in: origin).get().attributes)
        } catch {
            return .failure(FileError(error))
        }
    }

    static func object(
        _ key: ByteString,
        in origin: any Origin
    ) async -> Result<OriginObject, OriginError> {
        do throws(OriginError) {
            return .success(try await origin.attributes(of: key))
        } catch {
            return .failure(error)
        }
    }

    private static func hasChildren(
        _ key: ByteString,
        in origin: any Origin
    ) async -> Result<Bool, OriginError> {
        let query = OriginListQuery(prefix: key + "/", isDelimited: false, limit: 1)
        do throws(OriginError) {
            let listing = try await origin.list(query)
            return .success(listing.directoryExists || !listing.objects.isEmpty)
        } catch {
            return .failure(error)
        }
    }

    /// What a fresh listing of the parent says, if there is one.
    private func knownFromListing(
        _ resolution: Resolution,
        view: PathView
    ) throws(FileError) -> PageAttributes? {
        let parent = Self.split(resolution.name).directory
        guard let cached = listings.value(for: key(resolution, parent, .posix)),
            !cached.value.isOutdated,
            let left = validity(of: cached.loadedAtMS, resolution)
        else { return nil }
        return try listed(resolution, view: view)?.valid(for: left)
    }

    /// What a listing of the parent says, however old; `nil` where it does not say.
    private func listed(
        _ resolution: Resolution,
        view: PathView
    ) throws(FileError) -> PageAttributes? {
        let (parent, name) = Self.split(resolution.name)
        guard let cached = listings.value(for: key(resolution, parent, .posix)) else { return nil }
        guard let entry = cached.value.entry(named: name) else {
            if view == .posix { throw .notFound }
            return nil  // It may be a key that listings hide.
        }
        return entry.isDirectory && view == .object ? nil : entry.attributes
    }

    // MARK: - Time to live

    /// Whether a reader of its first page may be given the next one, although its time is over.
    ///
    /// Else a directory that takes longer to list than it may be believed would be listed whole for
    /// each of its pages.
    func canBeContinued(
        _ cached: MetadataCache<Key, DirectoryListing>.Cached,
        _ resolution: Resolution
    ) -> Bool {
        guard let ttl = ttl(of: resolution) else { return true }
        let took = cached.completeAtMS - cached.loadedAtMS
        let age = max(now(), cached.completeAtMS) - cached.completeAtMS
        return age < max(ttl.milliseconds, took) + Self.continuationMS
    }

    func key(_ resolution: Resolution, _ name: ByteString, _ view: PathView) -> Key {
        Key(
            mount: resolution.mount.path,
            revision: resolution.mount.modRevision,
            name: name,
            view: view
        )
    }

    private func ttl(of resolution: Resolution) -> Timespan? {
        switch resolution.mount.mount.metadataTTL {
        case .immutable: nil
        case .expires(let ttl): ttl
        }
    }

    /// How much longer an answer holds: `.some(nil)` for ever, `nil` not any more.
    func validity(of loadedAtMS: UInt64, _ resolution: Resolution) -> Timespan?? {
        guard let rest = rest(of: loadedAtMS, resolution) else { return .some(nil) }
        guard rest.milliseconds > 0 else { return nil }
        return .some(rest)
    }

    /// What is left of the time to live, zero at the least; `nil`: for ever.
    func rest(of loadedAtMS: UInt64, _ resolution: Resolution) -> Timespan? {
        guard let ttl = ttl(of: resolution) else { return nil }
        let now = now()
        let age = now > loadedAtMS ? now - loadedAtMS : 0
        return Timespan(milliseconds: ttl.milliseconds > age ? ttl.milliseconds - age : 0)
    }
}
