// SPDX-License-Identifier: Apache-2.0
import APIModel

extension Schema {
    /// Every document of the API.
    package static let all =
        process + cluster + voting + elastic + mounts + credentials + surveys + files

    private static let process = [
        Schema(
            "problem",
            [
                .always("type", .string), .always("title", .string), .always("status", .integer),
                .always("code", .words(ProblemCode.allCases.map(\.rawValue))),
                .always("detail", .string, "What, which object, why."),
                .optional(
                    "outcome",
                    .words(["not-applied", "unknown"]),
                    "Of a write that failed."
                ),
                .optional("next", .string, "The command to try next."),
                .optional("modRevision", .integer, "The revision that is there, 0 for none."),
                .optional("oldest", .integer, "The oldest revision to watch from."),
                .always("requestId", .string, "Stands in the log lines about the request."),
            ]
        ),
        Schema("health", [.always("status", .words(["ok"]))]),
        Schema(
            "ready",
            [
                .always("ready", .boolean), .optional("waitingFor", .string),
            ]
        ),
    ]

    private static let cluster = [
        Schema(
            "cluster",
            [
                .always("cluster", .string, "UUID."), .always("generation", .integer),
                .always("revision", .integer), .always("term", .integer),
                .optional("leader", .string, "null while there is none."),
                .always("quorum", .named("quorum")), .always("voters", .list(.named("voter"))),
                .always("learners", .list(.named("voter"))), .always("relays", .list(.string)),
                .always("observers", .integer), .always("regions", .map(.named("regionSummary"))),
                .always("alarms", .list(.named("alarm"))),
                .optional("autopilot", .named("autopilot")),
            ]
        ),
        Schema("quorum", [.always("have", .integer), .always("need", .integer)]),
        Schema(
            "voter",
            [
                .always("name", .string), .always("region", .string), .always("zone", .string),
                .always("reachable", .boolean),
                .optional("trailsLeaderBy", .integer, "Log entries."),
            ]
        ),
        Schema(
            "regionSummary",
            [
                .always("epoch", .integer), .always("settled", .boolean),
                .always("workers", .integer),
            ]
        ),
        Schema(
            "alarm",
            [
                .always("kind", .string), .always("detail", .string), .optional("since", .string),
            ]
        ),
        Schema(
            "alarms",
            [.always("items", .list(.named("alarm"))), .optional("next", .string)]
        ),
        Schema(
            "init",
            [
                .optional(
                    "voters",
                    .integer,
                    "Odd; default: the largest odd number up to 3 of join."
                ),
                .optional("survive", .words(["zone", "region"])),
                .optional("timing", .words(["lan", "wan"])),
                .optional(
                    "timeoutMs",
                    .integer,
                    "How long to wait for fresh workers, up to a day; default 30000."
                ),
            ]
        ),
        Schema(
            "initAnswer",
            [
                .always("cluster", .string, "UUID."), .always("revision", .integer),
                .always("voters", .list(.string), "Names."),
            ]
        ),
        Schema("transfer", [.optional("to", .string, "Name of a voter; null: the best.")]),
        Schema("transferAnswer", [.always("leader", .string)]),
        Schema(
            "workers",
            [
                .always("items", .list(.named("worker"))), .optional("next", .string),
            ]
        ),
        Schema(
            "worker",
            [
                .always("name", .string), .always("id", .integer), .always("store", .string),
                .always("region", .string), .always("zone", .string),
                .always(
                    "state",
                    .words(["joining", "active", "suspended", "draining", "drained", "removed"])
                ),
                .optional("liveness", .words(["alive", "suspect", "dead"])),
                .optional("role", .words(["voter", "relay", "observer"])),
                .always("addresses", .named("addresses")), .always("capacity", .integer, "Bytes."),
                .optional("used", .integer, "Bytes."), .optional("pages", .integer),
                .optional("epoch", .integer), .always("version", .string),
                .always("startedAt", .string, "RFC 3339."), .always("modRevision", .integer),
            ]
        ),
        Schema(
            "addresses",
            [
                .always("http", .string), .optional("s3", .string), .always("data", .string),
                .always("peer", .string), .optional("socket", .string),
            ]
        ),
        Schema(
            "ring",
            [
                .always("region", .string), .always("epoch", .integer),
                .always("settled", .boolean),
                .always("workers", .list(.named("ringWorker"))),
                .always("previous", .list(.named("previousRing"))),
                .always("heldFor", .list(.string), "Silent members for which it is held."),
                .always("modRevision", .integer),
            ]
        ),
        Schema(
            "ringWorker",
            [
                .always("name", .string), .always("id", .integer), .always("zone", .string),
                .always("capacity", .integer, "Bytes."), .always("vnodes", .integer, "Points."),
                .always("share", .number, "Percent of all units that it owns first."),
            ]
        ),
        Schema(
            "previousRing",
            [
                .always("epoch", .integer), .always("workers", .list(.named("ringWorker"))),
            ]
        ),
    ]
}
