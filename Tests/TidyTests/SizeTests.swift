// SPDX-License-Identifier: Apache-2.0

import Testing

/// Goal: every file fits in one reading, every function on one screen.
@Suite struct SizeTests {
    private static let softFileLimit = 300
    private static let fileLimit = 500
    private static let functionLimit = 70

    private static let files = Repository.swift(under: "Sources") + Repository.swift(under: "Tests")

    @Test func filesFitInOneReading() {
        for file in Self.files {
            let count = file.lines.count - 1
            #expect(count <= Self.fileLimit, "\(file.path) has \(count) lines: split it")
            if count > Self.softFileLimit { print("tidy: \(file.path) has \(count) lines") }
        }
    }

    @Test func functionsFitOnOneScreen() {
        var counted = 0
        for file in Self.files {
            for function in Code.functions(of: file) {
                counted += 1
                #expect(
                    function.count <= Self.functionLimit,
                    "\(file.path):\(function.line): a function of \(function.count) lines"
                )
            }
        }
        #expect(counted > 300, "only \(counted) functions were found")
    }

    @Test func functionsAreFound() {
        let file = Repository.File(
            path: "X.swift",
            lines: [
                "struct S {", "    func a() {", "        b()", "    }", "    init?(x: Int) { nil }",
                "    static func c(", "        d: Int", "    ) -> Int {", "        1", "    }", "}",
                "protocol P {", "    func e()", "    func f()", "}",
            ]
        )
        let found = Code.functions(of: file)
        #expect(found.map(\.line) == [2, 5, 6])
        #expect(found.map(\.count) == [3, 1, 5])
    }
}
