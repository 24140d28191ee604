// SPDX-License-Identifier: Apache-2.0

extension Schema {
    /// Looks at origins.
    static let surveys = [
        Schema(
            "survey",
            [
                .always("path", .string, "The mount's."),
                .always("step", .words(["names", "checksums", "content"])),
                .optional("after", .string, "Of names: the member next of the part before."),
                .optional(
                    "upTo",
                    .string,
                    "Of names: no higher hash in the sample; 16 hex digits."
                ),
                .optional(
                    "names",
                    .list(.string),
                    "Of checksums, at most 128, and of content, at most 4: the objects."
                ),
            ]
        ),
        Schema(
            "surveyAnswer",
            [
                .always("region", .string), .always("worker", .string, "Who looked."),
                .always("origin", .string), .always("modRevision", .integer),
                .optional("names", .named("surveyNames")),
                .optional("objects", .list(.named("surveyObject"))),
            ]
        ),
        Schema(
            "surveyNames",
            [
                .always("objects", .integer), .always("bytes", .integer),
                .always("digest", .string, "Of names and sizes in any order; 16 hex digits."),
                .always("sample", .list(.named("surveyEntry")), "The 1,000 that hash lowest."),
                .always("cut", .boolean, "Whether the sample leaves names out."),
                .optional("last", .string, "The highest name."), .optional("next", .string),
            ]
        ),
        Schema("surveyEntry", [.always("name", .string), .always("size", .integer, "Bytes.")]),
        Schema(
            "surveyObject",
            [
                .always("name", .string), .optional("size", .integer, "Bytes."),
                .always("checksums", .map(.string), "By kind."),
                .optional("problem", .string, "Why it could not be looked at."),
            ]
        ),
    ]
}
