// SPDX-License-Identifier: Apache-2.0
import APIModel

extension Schema {
    /// What the cluster keeps to sign with.
    static let credentials = [
        Schema(
            "credentials",
            [
                .always("items", .list(.named("credential"))), .optional("next", .string),
            ]
        ),
        Schema(
            "credential",
            [
                .always("name", .string),
                .always("keyId", .string, "The key that opens it, 16 hex digits."),
                .always("fields", .list(.string), "Names of the fields that have a value."),
                .always("createRevision", .integer), .always("modRevision", .integer),
                .optional(
                    "mounts",
                    .list(.string),
                    "Paths of the first hundred mounts that name it; reads alone say."
                ),
                .optional("mountCount", .integer, "How many name it; reads alone say."),
                .optional(
                    "obstacle",
                    .string,
                    "Why the asked worker cannot open it; reads alone say."
                ),
            ]
        ),
        Schema(
            "credentialRequest",
            [
                .always("accessKeyId", .string), .always("secretAccessKey", .string),
                .optional("sessionToken", .string, "Of temporary credentials."),
            ]
        ),
        Schema(
            "credentialRotation",
            [
                .always("items", .list(.named("rotatedCredential"))),
                .always("keyId", .string, "The key that seals: the asked worker's first."),
                .always(
                    "unusedKeyIds",
                    .list(.string),
                    "Its other keys that no credential needs any more."
                ),
            ]
        ),
        Schema(
            "rotatedCredential",
            [
                .always("name", .string),
                .always(
                    "outcome",
                    .words(CredentialRotationDocument.Outcome.allCases.map(\.rawValue))
                ),
                .always("keyId", .string, "The key that opens it now."),
                .optional("reason", .string, "Why it failed."),
            ]
        ),
    ]
}
