// SPDX-License-Identifier: Apache-2.0
import APIModel

extension Schema {
    /// Who should vote.
    static let voting = [
        Schema(
            "autopilot",
            [
                .always("survive", .words(["zone", "region"]), "The largest loss to survive."),
                .always("voters", .integer, "How many are to vote."),
                .always("promoted", .list(.string), "Names."),
                .always("demoted", .list(.string), "Names."),
                .optional(
                    "action",
                    .words(["replace", "shrink", "grow", "exchange"]),
                    "What is done next; null: the votes are as they should be."
                ),
                .always("leaving", .list(.string), "Names of those who lose their votes."),
                .always("coming", .list(.string), "Names of those who get one."),
                .optional("reason", .string), .optional("waitsFor", .string, "Why not now."),
                .optional("weakness", .string, "What is not survived although it should be."),
                .optional("leadership", .string, "From which region it is led, and why."),
            ]
        ),
        Schema(
            "vote",
            [
                .always("name", .string, "The worker's."),
                .optional("dryRun", .boolean, "Only say what would happen."),
            ]
        ),
        Schema(
            "voteAnswer",
            [
                .always("name", .string), .always("effect", .string, "What happens, or would."),
                .always("accepted", .boolean, "false: only asked."),
            ]
        ),
        Schema(
            "clusterUpdate",
            [
                .optional("survive", .words(["zone", "region"]), "Absent: as it is."),
                .optional(
                    "voters",
                    .integer,
                    "1, 3, 5 or 7; absent: as many as a new goal takes."
                ),
                .optional("forgetWishes", .boolean, "Forget who was promoted or demoted."),
            ]
        ),
        Schema(
            "clusterUpdateAnswer",
            [
                .always("survive", .words(["zone", "region"])), .always("voters", .integer),
                .always("revision", .integer),
            ]
        ),
    ]
}
