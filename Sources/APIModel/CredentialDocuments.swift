// SPDX-License-Identifier: Apache-2.0

/// A credential that the cluster keeps, as the API answers it: without its value.
///
/// Schema `credential` of `GET /v1/openapi.json`.
package struct CredentialDocument: Codable, Hashable, Sendable {
    package var name: String
    /// Which key opens it: 16 hex digits.
    package var keyId: String
    /// Names of the fields that have a value.
    package var fields: [String]
    package var createRevision: UInt64
    package var modRevision: UInt64
    /// Paths of mounts that name it, the first hundred; answers to reads alone say.
    package var mounts: [String]?
    /// How many name it; answers to reads alone say.
    package var mountCount: Int?
    /// Why the asked worker cannot open it; answers to reads alone say.
    package var obstacle: String?

    package init(
        name: String,
        keyId: String,
        fields: [String],
        createRevision: UInt64,
        modRevision: UInt64
    ) {
        self.name = name
        self.keyId = keyId
        self.fields = fields
        self.createRevision = createRevision
        self.modRevision = modRevision
    }
}

/// Body of `PUT /v1/credential?name=…`: what signs requests to a store.
///
/// The only document with a value in it; printing, interpolating, dumping or reflecting it shows none.
package struct CredentialRequest: Codable, Sendable {
    package var accessKeyId: String
    package var secretAccessKey: String
    /// Of temporary credentials.
    @Nullable package var sessionToken: String?

    package init(accessKeyId: String, secretAccessKey: String, sessionToken: String? = nil) {
        self.accessKeyId = accessKeyId
        self.secretAccessKey = secretAccessKey
        self.sessionToken = sessionToken
    }
}

extension CredentialRequest: CustomStringConvertible, CustomDebugStringConvertible,
    CustomReflectable
{
    package var description: String { "***" }

    package var debugDescription: String { "***" }

    package var customMirror: Mirror { Mirror(self, children: []) }
}

/// What became of the credentials when they were to be sealed with the newest key.
package struct CredentialRotationDocument: Codable, Hashable, Sendable {
    package enum Outcome: String, Codable, Sendable, CaseIterable {
        case resealed
        /// Sealed with that key before.
        case current
        /// The asked worker cannot open it, or it was put or removed meanwhile.
        case failed
    }

    package struct Item: Codable, Hashable, Sendable {
        package var name: String
        package var outcome: Outcome
        /// The key that opens it now.
        package var keyId: String
        /// Why it failed.
        package var reason: String?

        package init(name: String, outcome: Outcome, keyId: String, reason: String? = nil) {
            self.name = name
            self.outcome = outcome
            self.keyId = keyId
            self.reason = reason
        }
    }

    package var items: [Item]
    /// The key that seals, of the asked worker.
    package var keyId: String
    /// Other keys of the asked worker that no credential needs any more.
    package var unusedKeyIds: [String]

    package init(items: [Item], keyId: String, unusedKeyIds: [String]) {
        self.items = items
        self.keyId = keyId
        self.unusedKeyIds = unusedKeyIds
    }
}
