// SPDX-License-Identifier: Apache-2.0

package import Primitives

/// What everybody may know of a credential that the cluster keeps: all but its value.
///
/// This is what lists, watches and answers show, and all that a replica which follows by watching has.
package struct CredentialEntry: Hashable, Sendable {
    package let name: String
    /// Which key opens it.
    package let keyID: CredentialKeyID
    /// Names of the fields that have a value, in bytewise order.
    package let fields: [String]
    package let createRevision: Revision
    package let modRevision: Revision

    package init(
        name: String,
        keyID: CredentialKeyID,
        fields: [String],
        createRevision: Revision,
        modRevision: Revision
    ) {
        self.name = name
        self.keyID = keyID
        self.fields = fields
        self.createRevision = createRevision
        self.modRevision = modRevision
    }
}

/// A credential as a command brings it: closed by the worker that was asked.
///
/// No replica looks into the bytes. They are in the log, in snapshots and in backups, and nowhere else.
package struct SealedCredential: Hashable, Sendable {
    package let keyID: CredentialKeyID
    package let fields: [String]
    /// 1...``CatalogLimits/credentialByteCount``.
    package let bytes: [UInt8]

    package init(keyID: CredentialKeyID, fields: [String], bytes: [UInt8]) {
        self.keyID = keyID
        self.fields = fields
        self.bytes = bytes
    }
}

/// A credential as the catalog holds it.
struct StoredCredential: Hashable, Sendable {
    let entry: CredentialEntry
    /// Empty in a catalog that follows another one by watching.
    let bytes: [UInt8]
}

/// Whether a credential goes that mounts still name.
package enum CredentialRemoval: UInt8, Sendable {
    case ifUnused = 0
    case always = 1
}
