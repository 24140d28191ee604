// SPDX-License-Identifier: Apache-2.0

import Testing

/// Goal: the dependency arrows of `Package.swift` point up only, and no file goes around them.
@Suite struct LayerTests {
    private static let manifest = Manifest()

    /// Modules of the toolchain that any layer but the cores may use.
    private static let toolchain: Set<String> = [
        "Foundation", "FoundationEssentials", "Glibc", "Synchronization", "Dispatch",
        "RegexBuilder", "Testing", "Builtin",
    ]
    private static let cores: Set<String> = [
        "RaftCore", "GossipCore", "CatalogCore", "PlacementCore", "FeedCore", "Codecs",
        "ElasticCore",
    ]

    @Test func theManifestIsUnderstood() {
        let targets = Self.manifest.targets
        #expect(targets.count > 40, "\(targets.keys.sorted())")
        #expect(
            targets["Codecs"]?.modules == ["PlacementCore", "Primitives", "RaftCore", "Crypto"]
        )
        #expect(targets["tarn"]?.modules.contains("AsyncHTTPClient") == true)
    }

    @Test func arrowsPointUp() {
        let targets = Self.manifest.targets
        for target in targets.values {
            for name in target.modules {
                guard let other = targets[name] else { continue }
                #expect(other.layer <= target.layer, "\(target.name) must not depend on \(name)")
            }
        }
    }

    @Test func filesImportWhatTheirTargetDeclares() {
        let files = Repository.swift(under: "Sources") + Repository.swift(under: "Tests")
        var checked = 0
        for file in files {
            guard let name = file.target, let target = Self.manifest.targets[name] else {
                Issue.record("\(file.path): no target of Package.swift")
                continue
            }
            for (number, module) in Self.imports(of: file) {
                checked += 1
                let isToolchain = Self.toolchain.contains(module) && !Self.cores.contains(name)
                #expect(
                    target.modules.contains(module) || isToolchain,
                    "\(file.path):\(number): '\(module)' is no dependency of \(name)"
                )
            }
        }
        #expect(checked > 100, "nothing was checked")
    }

    private static let importing = Pattern(#"\bimport \w"#)

    private static func imports(of file: Repository.File) -> [(line: Int, module: String)] {
        importing.lines(in: file.lines).compactMap { index in
            file.lines[index].firstMatch(
                of:
                    #/^(?:@\w+(?:\(\w+\))? )*(?:package |internal |public |private |fileprivate )?import (?:struct |enum |class |protocol |func |typealias )?(\w+)/#
            )
            .map { (index + 1, String($0.1)) }
        }
    }

    // swift-format-ignore
    static let impure: [(token: String, why: String)] = [
        ("async",      "cores are synchronous: time, replies and randomness come as inputs"),
        ("await",      "cores are synchronous"),
        ("Task",       "cores start nothing"),
        ("Logger",     "cores do not log"),
        ("Double",     "floating point may differ between machines"),
        ("Float",      "floating point may differ between machines"),
        ("Date",       "cores have no clock"),
        ("ContinuousClock", "cores have no clock"),
        ("SuspendingClock", "cores have no clock"),
        ("SystemRandomNumberGenerator", "randomness comes from a seed"),
        ("getenv",     "cores see no environment"),
        ("print",      "cores do no input or output"),
    ]

    @Test(arguments: impure)
    func coresStayPure(token: String, why: String) {
        let pattern = Pattern("\\b\(token)\\b")
        for core in Self.cores.sorted() {
            for file in Repository.swift(under: "Sources/\(core)") {
                for index in pattern.lines(in: file.code) {
                    Issue.record("\(file.path):\(index + 1): '\(token)': \(why)")
                }
            }
        }
    }
}
