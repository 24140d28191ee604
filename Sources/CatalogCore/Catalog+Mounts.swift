// SPDX-License-Identifier: Apache-2.0

import Primitives

extension Catalog {
    /// Creates or replaces a mount; an equal replacement still makes a revision.
    mutating func put(
        _ mount: Mount,
        at path: ByteString,
        if precondition: Precondition,
        _ madeAtUnixMS: UInt64
    ) throws(CatalogRefusal) -> Application {
        try MountRules.check(path: path)
        try MountRules.check(mount)
        let current = mountTable[path]
        try Self.require(precondition, of: current)
        try requireRoom(for: mount, at: path, isNew: current == nil)
        try requireBucketName(of: mount, at: path)

        revision = revision.next
        let entry = MountEntry(
            path: path,
            mount: mount,
            origins: try resolveOrigins(of: mount),
            createRevision: current?.createRevision ?? revision,
            modRevision: revision
        )
        store(entry)
        mountHistory.append(
            MountRevision(
                path: path,
                revision: revision,
                madeAtUnixMS: madeAtUnixMS,
                entry: entry
            )
        )
        return Application(
            .mount(entry, created: current == nil),
            changes: changes([(CatalogKey.mount(path), .mount(entry))])
        )
    }

    mutating func removeMount(
        at path: ByteString,
        if precondition: Precondition,
        _ madeAtUnixMS: UInt64
    ) throws(CatalogRefusal) -> Application {
        try MountRules.check(path: path)
        guard let entry = mountTable[path] else { throw .noSuchMount }
        try Self.require(precondition, of: entry)

        revision = revision.next
        removeMount(entry)
        mountHistory.append(
            MountRevision(path: path, revision: revision, madeAtUnixMS: madeAtUnixMS, entry: nil)
        )
        return Application(
            .mountRemoved(entry),
            changes: changes([(CatalogKey.mount(path), nil)])
        )
    }

    // MARK: - Private

    private static func require(
        _ precondition: Precondition,
        of current: MountEntry?
    ) throws(CatalogRefusal) {
        switch (precondition, current) {
        case (.any, _), (.absent, nil): return
        case (.absent(plain: true), .some(let entry)): throw .mountExists(entry)
        case (.absent(plain: false), .some(let entry)):
            throw .revisionMismatch(current: entry.modRevision)
        case (.revision(let expected), _):
            let found = current?.modRevision ?? .zero
            guard found == expected, current != nil else {
                throw .revisionMismatch(current: found)
            }
        }
    }

    private func requireRoom(
        for mount: Mount,
        at path: ByteString,
        isNew: Bool
    ) throws(CatalogRefusal) {
        guard !isNew || mountTable.count < CatalogLimits.mountCount else {
            throw .full("at most \(CatalogLimits.mountCount) mounts")
        }
        guard origins.count + mount.regions.count < CatalogLimits.originCount else {
            throw .full("at most \(CatalogLimits.originCount) origins over a cluster's life")
        }
        var writer = ByteWriter(reservingCapacity: 512)
        writer.write(path)
        mount.write(to: &writer)
        guard writer.bytes.count <= CatalogLimits.mountByteCount else {
            throw .badValue(
                "the mount takes \(writer.bytes.count) bytes, at most "
                    + "\(CatalogLimits.mountByteCount) are allowed"
            )
        }
    }

    private func requireBucketName(of mount: Mount, at path: ByteString) throws(CatalogRefusal) {
        let (name, isExplicit) = mount.bucketName(at: path)
        if let holder = bucketNames.obstacle(to: name, isExplicit: isExplicit, for: path) {
            throw .bucketNameTaken(by: holder)
        }
    }

    /// The ids of the default origin and of each region that the mount names.
    private mutating func resolveOrigins(
        of mount: Mount
    ) throws(CatalogRefusal) -> [ResolvedOrigin] {
        var resolved: [ResolvedOrigin] = []
        let overrides: [Mount.NamedOverride?] = [nil] + mount.regions
        for override in overrides {
            let location = try OriginLocation(uri: override?.override.origin ?? mount.origin)
            let options = mount.effectiveOptions(of: override, at: location)
            let id = originID(of: OriginIdentity(location: location, options: options))
            resolved.append(ResolvedOrigin(region: override?.region, origin: id))
        }
        return resolved
    }
}
