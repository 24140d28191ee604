// SPDX-License-Identifier: Apache-2.0
import APIModel

extension Schema {
    /// Workers that come and go, and what moves because of it.
    static let elastic = [
        Schema(
            "job",
            [
                .always("id", .string),
                .always("kind", .words(["drain", "rebalance"])),
                .always(
                    "state",
                    .words(["waiting", "running", "done", "failed", "cancelled"])
                ),
                .optional("path", .string), .always("region", .string),
                .optional("worker", .string, "The worker that is drained."),
                .always("total", .integer, "Pages."), .always("done", .integer, "Pages."),
                .always("bytesTotal", .integer), .always("bytesDone", .integer),
                .always("rate", .integer, "Bytes a second since it began."),
                .optional("etaSeconds", .integer),
                .always("leftPages", .integer, "Given up."), .always("leftBytes", .integer),
                .always("keepsVote", .boolean, "A drained voter's."),
                .always("failures", .list(.named("jobFailure"))),
                .always("createRevision", .integer), .always("modRevision", .integer),
            ]
        ),
        Schema("jobFailure", [.always("what", .string), .always("why", .string)]),
        Schema(
            "jobs",
            [.always("items", .list(.named("job"))), .optional("next", .string)]
        ),
        Schema("ringPlanRequest", [.always("changes", .list(.named("ringPlanChange")))]),
        Schema(
            "ringPlanChange",
            [
                .always("action", .words(["add", "drain", "remove", "reweight"])),
                .always("name", .string, "The worker's."),
                .optional("capacity", .integer, "Bytes; of add and reweight."),
                .optional("zone", .string, "Of add."),
            ]
        ),
        Schema(
            "ringPlan",
            [
                .always("region", .string), .always("epoch", .integer),
                .always("workers", .list(.named("ringPlanWorker"))),
                .always("pages", .integer, "That would move."), .always("bytes", .integer),
                .always("lostPages", .integer, "Of workers that are removed."),
                .always("lostBytes", .integer),
                .always("rate", .integer, "Bytes a second that each worker sends."),
                .optional("seconds", .integer, "Until the busiest worker is done."),
                .optional("vote", .string, "What becomes of a drained worker's vote."),
                .always("warnings", .list(.string)),
                .always("refusals", .list(.string), "Why it would be refused."),
            ]
        ),
        Schema(
            "ringPlanWorker",
            [
                .always("name", .string), .always("capacity", .integer, "Bytes."),
                .optional("shareBefore", .number, "Percent; null: not on the ring."),
                .optional("shareAfter", .number),
                .always("usedBefore", .integer, "Bytes."), .always("usedAfter", .integer),
            ]
        ),
        Schema(
            "drain",
            [
                .optional("rate", .integer, "Bytes a second that the worker may send."),
                .optional("force", .boolean, "Whatever would not fit."),
                .optional("dryRun", .boolean, "Only say what would happen."),
            ]
        ),
        Schema(
            "rebalanceRequest",
            [
                .optional("paused", .boolean),
                .optional("rate", .integer, "Bytes a second that each worker may send."),
            ]
        ),
        Schema(
            "rebalance",
            [
                .always("paused", .boolean), .always("rate", .integer),
                .always("regions", .list(.named("rebalanceRegion"))),
                .always("jobs", .list(.named("job")), "Those under way."),
            ]
        ),
        Schema(
            "rebalanceRegion",
            [
                .always("region", .string), .always("epoch", .integer),
                .always("settled", .boolean),
                .always("unsettled", .integer, "Earlier rings whose pages may not have moved."),
                .always("heldFor", .list(.string)),
                .always("waitsFor", .list(.string), "Who has not said to be done."),
                .always("remainingPages", .integer), .always("remainingBytes", .integer),
            ]
        ),
    ]
}
