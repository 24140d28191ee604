// SPDX-License-Identifier: Apache-2.0

import APIModel
import ArgumentParser
import Primitives

/// The flags that `mount add` and `mount update` share.
struct MountSettings: ParsableArguments {
    @Option(
        name: .customLong("origin"),
        help: ArgumentHelp(
            "Another origin in one region; may be repeated.",
            valueName: "region=uri"
        )
    )
    var regionOrigins: [String] = []

    @Option(
        name: .customLong("option"),
        help: ArgumentHelp(
            "Option of the origin, such as endpoint=http://…; may be repeated.",
            valueName: "key=value"
        )
    )
    var options: [String] = []

    @Option(
        name: .customLong("region-option"),
        help: ArgumentHelp("Option in one region; may be repeated.", valueName: "region:key=value")
    )
    var regionOptions: [String] = []

    @Option(help: ArgumentHelp("Credential to sign with.", valueName: "name"))
    var credential: String?

    @Option(
        name: .customLong("region-credential"),
        help: ArgumentHelp("Credential in one region; may be repeated.", valueName: "region=name")
    )
    var regionCredentials: [String] = []

    @Option(help: ArgumentHelp("What writing does.", valueName: "none|through|back"))
    var write: String?

    @Option(help: ArgumentHelp("Workers that hold each page.", valueName: "1…8"))
    var replicas: Int?

    @Option(
        name: .customLong("metadata-ttl"),
        help: ArgumentHelp("How long names and sizes may be kept.", valueName: "time|immutable")
    )
    var metadataTTL: String?

    @Option(
        name: .customLong("on-stale"),
        help: ArgumentHelp("What a worker without a quorum does.", valueName: "serve|fail:time")
    )
    var onStale: String?

    @Flag(help: "Return only when every region has the change, or refuses to use what was before.")
    var barrier = false

    func validate() throws {
        for text in options { _ = try Self.pair(text, "--option", "KEY=VALUE") }
        for text in regionOrigins { _ = try Self.pair(text, "--origin", "REGION=URI") }
        for text in regionCredentials {
            _ = try Self.pair(text, "--region-credential", "REGION=NAME")
        }
        for text in regionOptions { _ = try Self.regionOption(text) }
        try require("--write", write, ["none", "through", "back"])
        if let replicas, !(1...8).contains(replicas) {
            throw ValidationError("'--replicas' must be 1 to 8, got \(replicas).")
        }
        if let metadataTTL, metadataTTL != "immutable", Timespan(metadataTTL) == nil {
            throw ValidationError(
                "'--metadata-ttl' must be a time such as 60s or 'immutable', got '\(metadataTTL)'."
            )
        }
        if let onStale, onStale != "serve",
            Timespan(String(onStale.dropFirst("fail:".count))) == nil || !onStale.hasPrefix("fail:")
        {
            throw ValidationError(
                "'--on-stale' must be 'serve' or 'fail:' and a time, got '\(onStale)'."
            )
        }
    }

    /// Whether any setting was given; `--barrier` alone is none.
    var changesSomething: Bool {
        let lists = [regionOrigins, options, regionOptions, regionCredentials]
        let texts = [credential, write, metadataTTL, onStale]
        return replicas != nil || lists.contains { !$0.isEmpty } || texts.contains { $0 != nil }
    }

    /// Puts what was given over `mount`, and leaves the rest of it.
    func apply(to mount: inout MountRequest) throws {
        for text in options {
            let option = try Self.pair(text, "--option", "KEY=VALUE")
            mount.options = Self.setting(option, in: mount.options)
        }
        for text in regionOrigins {
            let origin = try Self.pair(text, "--origin", "REGION=URI")
            change(region: origin.key, of: &mount) { $0.origin = origin.value }
        }
        for text in regionOptions {
            let (region, option) = try Self.regionOption(text)
            change(region: region, of: &mount) { $0.options = Self.setting(option, in: $0.options) }
        }
        for text in regionCredentials {
            let credential = try Self.pair(text, "--region-credential", "REGION=NAME")
            change(region: credential.key, of: &mount) { $0.credential = credential.value }
        }
        if let credential { mount.credential = credential }
        if let write { mount.write = write }
        if let replicas { mount.replicas = replicas }
        if let metadataTTL { mount.metadataTtl = metadataTTL }
        if let onStale { mount.onStale = onStale }
    }

    // MARK: - Parts

    private func require(_ flag: String, _ given: String?, _ allowed: [String]) throws {
        guard let given, !allowed.contains(given) else { return }
        throw ValidationError(
            "'\(flag)' must be \(allowed.joined(separator: ", ")), got '\(given)'."
        )
    }

    private func change(
        region: String,
        of mount: inout MountRequest,
        _ change: (inout MountRegionRequest) -> Void
    ) {
        var regions = mount.regions ?? [:]
        change(&regions[region, default: MountRegionRequest()])
        mount.regions = regions
    }

    /// `KEY=` takes a key away.
    private static func setting(
        _ option: (key: String, value: String),
        in options: [String: String]?
    ) -> [String: String] {
        var options = options ?? [:]
        options[option.key] = option.value.isEmpty ? nil : option.value
        return options
    }

    private static func regionOption(
        _ text: String
    ) throws -> (region: String, option: (key: String, value: String)) {
        let form = "REGION:KEY=VALUE"
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[0].isEmpty else {
            throw ValidationError("'--region-option' must be \(form), got '\(text)'.")
        }
        return (String(parts[0]), try pair(String(parts[1]), "--region-option", form))
    }

    private static func pair(
        _ text: String,
        _ flag: String,
        _ form: String
    ) throws -> (key: String, value: String) {
        let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[0].isEmpty else {
            throw ValidationError("'\(flag)' must be \(form), got '\(text)'.")
        }
        return (String(parts[0]), String(parts[1]))
    }
}
