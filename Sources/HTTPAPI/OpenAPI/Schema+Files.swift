// SPDX-License-Identifier: Apache-2.0

extension Schema {
    static let mounts = [
        Schema(
            "mounts",
            [
                .always("items", .list(.named("mount"))), .optional("next", .string),
            ]
        ),
        Schema(
            "mount",
            [
                .always("path", .string), .always("origin", .string),
                .always("options", .map(.string)), .optional("credential", .string),
                .always("regions", .map(.named("mountRegion"))),
                .always("write", .words(["none", "through", "back"])),
                .always("replicas", .integer),
                .always("metadataTtl", .string, "A time such as 60s, or immutable."),
                .always("onStale", .string, "serve, or fail:30s."),
                .always("createRevision", .integer), .always("modRevision", .integer),
                .always("originId", .integer),
                .optional(
                    "credentialSource",
                    .string,
                    "Of one mount alone: where the asked worker would take credentials from."
                ),
                .optional("barrier", .named("barrier"), "Only with barrier=true."),
            ]
        ),
        Schema(
            "mountHistory",
            [
                .always("items", .list(.named("mountRevision"))), .optional("next", .string),
                .always(
                    "compactedThrough",
                    .integer,
                    "Up to this revision nothing is known of the path any more; 0: all is."
                ),
            ]
        ),
        Schema(
            "mountRevision",
            [
                .always("revision", .integer), .always("type", .words(["put", "delete"])),
                .optional("time", .string, "RFC 3339, by the clock of the worker asked."),
                .optional("value", .named("mount"), "null: the mount was removed."),
            ]
        ),
        Schema(
            "barrier",
            [
                .always("complete", .boolean, "Nowhere is anything used that was there before."),
                .always("regions", .list(.named("barrierRegion"))),
            ]
        ),
        Schema(
            "barrierRegion",
            [
                .always("region", .string),
                .always(
                    "state",
                    .words(["reached", "expired", "missing"]),
                    "expired: who lacks it refuses to use what was there before."
                ),
                .always("workers", .integer),
                .always("missing", .list(.string), "Names of workers not known to have it."),
            ]
        ),
        Schema(
            "mountRegion",
            [
                .optional("origin", .string), .optional("options", .map(.string)),
                .optional("credential", .string), .always("originId", .integer),
            ]
        ),
        Schema(
            "mountRequest",
            readOver: [
                "path", "createRevision", "modRevision", "originId", "credentialSource", "barrier",
            ],
            [
                .always("origin", .string, "s3://bucket/prefix or file:///directory."),
                .optional("options", .map(.string)), .optional("credential", .string),
                .optional(
                    "regions",
                    .map(.either(.string, .named("mountRegionRequest"))),
                    "A bare string is short for its origin; absent members inherit."
                ),
                .optional("write", .words(["none", "through", "back"])),
                .optional("replicas", .integer, "1...8."), .optional("metadataTtl", .string),
                .optional("onStale", .string),
            ]
        ),
        Schema(
            "mountRegionRequest",
            [
                .optional("origin", .string), .optional("options", .map(.string)),
                .optional("credential", .string),
            ]
        ),
        Schema(
            "resolve",
            [
                .always("path", .string), .always("mount", .string), .always("region", .string),
                .always("origin", .string), .always("revision", .integer),
            ]
        ),
    ]

    static let files = [
        Schema(
            "list",
            [
                .always("path", .string), .always("entries", .list(.named("listEntry"))),
                .optional("next", .string),
            ]
        ),
        Schema(
            "listEntry",
            [
                .always("name", .string), .always("type", .words(["file", "directory"])),
                .optional("size", .integer, "Bytes."), .optional("modified", .string, "RFC 3339."),
                .optional("version", .string),
            ]
        ),
        Schema(
            "locate",
            [
                .always("path", .string), .always("offset", .integer), .always("unit", .integer),
                .always("hash", .string, "Placement key, 16 hex digits."),
                .always("epoch", .integer),
                .always("owners", .list(.string), "Names, first choice first."),
                .always("previousOwners", .list(.string)), .always("cachedOn", .list(.string)),
            ]
        ),
        Schema(
            "locality",
            [
                .always("path", .string), .always("files", .integer, "Looked at."),
                .always("bytes", .integer, "Of those files."),
                .always("sample", .boolean, "There are more than were looked at."),
                .always("workers", .list(.named("localityWorker")), "Who holds most first."),
            ]
        ),
        Schema("localityWorker", [.always("name", .string), .always("bytes", .integer)]),
    ]
}
