// SPDX-License-Identifier: Apache-2.0

package import Primitives

/// A catalog that follows another one by its watched keys instead of its commands.
///
/// It answers the same questions. It knows neither origins' identities nor remembered outcomes nor the
/// values of credentials, so it
/// must never be given a command, and its digest says nothing.
extension Catalog {
    /// Takes over what a key holds, or that it is gone; ``revision`` stays as it is.
    ///
    /// - Returns: `false`, and nothing changed, where key and value do not belong together.
    package mutating func mirror(_ key: ByteString, _ value: CatalogValue?) -> Bool {
        switch value {
        case .cluster(let entry):
            guard key == CatalogKey.voters else { return false }
            store(entry, at: revision)
        case .mount(let entry):
            guard key == CatalogKey.mount(entry.path) else { return false }
            store(entry)
        case .worker(let entry):
            guard key == CatalogKey.workers + ByteString(entry.name) else { return false }
            forgetWorker(named: ByteString(entry.name))
            store(entry)
        case .ring(let entry):
            guard key == CatalogKey.ring(entry.region) else { return false }
            store(entry)
        case .credential(let entry):
            guard key == CatalogKey.credential(entry.name) else { return false }
            store(StoredCredential(entry: entry, bytes: []))
        case .job: break  // Nobody asks a mirror about jobs.
        case nil:
            mirrorRemoval(of: key)
        }
        return true
    }

    /// Everything up to and with `revision` has been mirrored.
    package mutating func mirrored(upTo revision: Revision) { self.revision = revision }

    private mutating func mirrorRemoval(of key: ByteString) {
        if key.hasPrefix(CatalogKey.mounts) {
            let path = key.dropFirst(CatalogKey.mounts.count)
            if let entry = mount(at: path) { removeMount(entry) }
        } else if key.hasPrefix(CatalogKey.workers) {
            forgetWorker(named: key.dropFirst(CatalogKey.workers.count))
        } else if key.hasPrefix(CatalogKey.rings) {
            ringsByRegion.remove(key.dropFirst(CatalogKey.rings.count))
        } else if key.hasPrefix(CatalogKey.credentials) {
            removeCredential(key.dropFirst(CatalogKey.credentials.count))
        }
    }

    /// A name that goes over to another store must not leave the old node's id behind.
    private mutating func forgetWorker(named name: ByteString) {
        guard let old = workersByName.remove(name) else { return }
        if namesByID[old.id] == name { namesByID.remove(old.id) }
        if namesByStore[old.store] == name { namesByStore.remove(old.store) }
    }
}
