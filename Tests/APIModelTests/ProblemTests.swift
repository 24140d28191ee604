// SPDX-License-Identifier: Apache-2.0

import APIModel
import Testing

struct ProblemTests {
    // swift-format-ignore
    static let codes: [(code: String, status: Int, exit: Int32)] = [
        ("bad-path",                400, 64),
        ("unknown-scheme",          400, 64),
        ("unknown-option",          400, 64),
        ("bad-value",               400, 64),
        ("not-authorised",          401,  9),
        ("not-found",               404,  3),
        ("mount-exists",            409,  1),
        ("bucket-name-taken",       409,  1),
        ("unsafe",                  409,  4),
        ("compacted",               410,  1),
        ("revision-mismatch",       412,  1),
        ("idempotency-key-reused",  422,  1),
        ("unknown-credential",      422,  1),
        ("overloaded",              429,  1),
        ("no-leader",               503,  1),
        ("not-initialised",         503,  1),
        ("behind",                  503,  1),
        ("outcome-unknown",         503,  1),
        ("no-quorum",               503,  5),
        ("timeout",                 504,  7),
        ("method-not-allowed",      405, 64),
        ("too-large",               413, 64),
        ("range-not-satisfiable",   416,  1),
        ("origin-failed",           502,  1),
        ("version-vanished",        502,  1),
        ("internal",                500,  1),
    ]

    @Test(arguments: codes)
    func statusAndExitCode(_ row: (code: String, status: Int, exit: Int32)) throws {
        let code = try #require(ProblemCode(rawValue: row.code))
        #expect(code.httpStatus == row.status)
        #expect(code.exitCode == row.exit)
        #expect(!code.title.isEmpty)
        let problem = ProblemDocument(code, detail: "d")
        #expect((problem.status, problem.title) == (row.status, code.title))
        #expect(problem.knownCode == code)
    }

    @Test func theTableIsWhole() {
        #expect(Set(ProblemCode.allCases.map(\.rawValue)) == Set(Self.codes.map(\.code)))
        #expect(Set(ProblemCode.allCases.map(\.title)).count == Self.codes.count)
    }
}
