// SPDX-License-Identifier: Apache-2.0

import Testing

/// Goal: what the compiler cannot check for us is argued in writing, or absent.
@Suite struct TokenTests {
    /// Each use has a line "`path`: token: argument" in this document.
    private static let arguments = "Docs/sendable.md"

    // Split, so that this file does not contain them.
    static let unchecked = [
        "@unchecked" + " Sendable", "nonisolated" + "(unsafe)", "Task." + "detached", "try" + "!",
        "fatal" + "Error(",
    ]

    @Test(arguments: unchecked)
    func uncheckedCodeIsArguedFor(token: String) {
        let argued = Repository.all.first { $0.path == Self.arguments }?.lines ?? []
        for file in Repository.swift(under: "Sources") {
            let uses = file.code.enumerated().filter { $0.element.contains(token) }
            guard let first = uses.first else { continue }
            let isArgued = argued.contains { $0.contains("`\(file.path)`") && $0.contains(token) }
            #expect(
                isArgued,
                "\(file.path):\(first.offset + 1): '\(token)' is not in \(Self.arguments)"
            )
        }
    }

    @Test func argumentsAreForCodeThatExists() {
        let argued = Repository.all.first { $0.path == Self.arguments }?.lines ?? []
        for line in argued {
            guard let path = line.firstMatch(of: #/^- `(Sources\/[^`]+)`/#).map({ String($0.1) })
            else { continue }
            let file = Repository.all.first { $0.path == path }
            let token = Self.unchecked.first { line.contains($0) }
            let isThere = token.map { token in
                file?.lines.contains { $0.contains(token) } ?? false
            }
            #expect(isThere == true, "\(Self.arguments): nothing of the kind in \(path)")
        }
    }

    // swift-format-ignore
    static let unfinished: [(token: String, why: String)] = [
        ("FIX" + "ME",        "finish it before merge"),
        ("TO" + "DO",         "finish it, or open an issue"),
        ("X" + "XX",          "finish it before merge"),
        ("not" + " implemented", "what is not built is absent"),
    ]

    @Test(arguments: unfinished)
    func nothingIsLeftUnfinished(token: String, why: String) {
        for file in Repository.swift(under: "Sources") + Repository.swift(under: "Tests") {
            for (index, line) in file.lines.enumerated() where line.contains(token) {
                Issue.record("\(file.path):\(index + 1): '\(token)': \(why)")
            }
        }
    }

    /// A pause of at most 50 ms between two looks at a fact is how a bounded wait waits; anything
    /// longer is a guess about a machine's speed, unless it is a limit, or the time itself is what is
    /// tested, and the line, or the one above, says so.
    @Test func testsWaitForFactsNotForTime() {
        for file in Repository.swift(under: "Tests") + Repository.swift(under: "Sources/TestKit") {
            for index in Self.sleep.lines(in: file.code) {
                let said = file.lines[max(0, index - 1)...index]
                let isMeant = said.contains {
                    $0.contains("// limit: ") || $0.contains("// tested: ")
                }
                #expect(
                    isMeant || Self.isPause(file.code[index]),
                    "\(file.path):\(index + 1): a sleep; wait for a fact"
                )
            }
        }
    }

    private static let sleep = Pattern(#"\b(u?sleep|nanosleep)\("#)

    private static func isPause(_ line: String) -> Bool {
        let pause = line.firstMatch(of: #/sleep\(for: \.milliseconds\((\d+)\)/#)
        return pause.flatMap { Int($0.1) }.map { $0 <= 50 } ?? false
    }

    // swift-format-ignore
    static let sleeps: [(line: String, isFound: Bool, isPause: Bool)] = [
        ("try await Task.sleep(for: .milliseconds(50))",  true,  true),
        ("try await Task.sleep(for: .milliseconds(51))",  true,  false),
        ("try await Task.sleep(for: .seconds(1))",        true,  false),
        ("try await Task.sleep(for: pause)",              true,  false),
        ("try await clock.sleep(until: end)",             true,  false),
        ("Thread.sleep(forTimeInterval: 1)",              true,  false),
        ("sleep(1)",                                      true,  false),
        ("_ = usleep(20_000)",                            true,  false),
        ("Glibc.nanosleep(&time, nil)",                   true,  false),
        ("asleep(1)",                                     false, false),
        ("let sleeper = Sleeper(1)",                      false, false),
        ("state = .sleeping(1)",                          false, false),
    ]

    @Test(arguments: sleeps)
    func aSleepIsFoundWhereverItIsCalled(line: String, isFound: Bool, isPause: Bool) {
        #expect(!Self.sleep.lines(in: ["{", line, "}"]).isEmpty == isFound)
        #expect(Self.isPause(line) == isPause)
    }
}
