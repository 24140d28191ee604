// SPDX-License-Identifier: Apache-2.0

package import Primitives

/// What a mount must look like to be stored.
package enum MountRules {
    /// Checks a mount path: absolute, UTF-8, no empty, `.` or `..` component, no trailing `/`.
    ///
    /// - Throws: ``CatalogRefusal/badPath(_:)``.
    package static func check(path: ByteString) throws(CatalogRefusal) {
        guard let text = path.validText else { throw .badPath("'\(path)' is not UTF-8") }
        guard path.bytes.first == slash else { throw .badPath("'\(text)' is not absolute") }
        guard path.count <= CatalogLimits.pathByteCount else {
            throw .badPath(
                "longer than \(CatalogLimits.pathByteCount) bytes: '\(text.prefix(64))…'"
            )
        }
        guard !path.bytes.contains(0) else { throw .badPath("'\(text)' holds a NUL byte") }

        let components = path.bytes.dropFirst().split(
            separator: slash,
            omittingEmptySubsequences: false
        )
        for component in components {
            guard !component.isEmpty else {
                throw .badPath("'\(text)' has an empty component or a trailing '/'")
            }
            guard !component.elementsEqual(".".utf8), !component.elementsEqual("..".utf8) else {
                throw .badPath("'\(text)' has a component '.' or '..'")
            }
            guard component.count <= CatalogLimits.componentByteCount else {
                throw .badPath("'\(text)' has a component over 255 bytes")
            }
        }
    }

    /// Checks everything about a mount that can be checked without the catalog.
    ///
    /// - Throws: ``CatalogRefusal`` `.badValue`, `.unknownScheme` or `.unknownOption`.
    package static func check(_ mount: Mount) throws(CatalogRefusal) {
        let location = try OriginLocation(uri: mount.origin)
        try check(mount.options, scheme: location.scheme, region: nil)
        try check(credential: mount.credential)
        try checkPolicies(mount)

        guard mount.regions.count <= CatalogLimits.regionsPerMount else {
            throw .badValue(
                "regions: \(mount.regions.count) given, at most "
                    + "\(CatalogLimits.regionsPerMount) are allowed in a mount"
            )
        }
        for (position, named) in mount.regions.enumerated() {
            guard position == 0 || !isSame(mount.regions[position - 1].region, named.region)
            else { throw .badValue("region '\(named.region)' is given twice") }
            try check(named, of: mount)
        }
    }

    private static func check(
        _ named: Mount.NamedOverride,
        of mount: Mount
    ) throws(CatalogRefusal) {
        guard NameSyntax.isValid(named.region) else {
            throw .badValue("region '\(named.region)': allowed are \(NameSyntax.rule)")
        }
        let location = try OriginLocation(uri: named.override.origin ?? mount.origin)
        if let options = named.override.options {
            try check(options, scheme: location.scheme, region: named.region)
        }
        try check(credential: named.override.credential)
    }

    private static func checkPolicies(_ mount: Mount) throws(CatalogRefusal) {
        guard CatalogLimits.replicas.contains(mount.replicas) else {
            throw .badValue("replicas \(mount.replicas): allowed are 1 to 8")
        }
        guard mount.write == .none else {
            throw .badValue("not built yet: write '\(mount.write.text)'; allowed is none")
        }
    }

    private static func check(credential: String?) throws(CatalogRefusal) {
        guard let credential, !NameSyntax.isValid(credential) else { return }
        throw .badValue("credential '\(credential)': allowed are \(NameSyntax.rule)")
    }

    private static func check(
        _ options: [MountOption],
        scheme: OriginScheme,
        region: String?
    ) throws(CatalogRefusal) {
        for (position, option) in options.enumerated() {
            guard position == 0 || !isSame(options[position - 1].key, option.key) else {
                throw .badValue("option '\(option.key)' is given twice")
            }
            try check(option, scheme: scheme, region: region)
        }
    }

    private static func check(
        _ option: MountOption,
        scheme: OriginScheme,
        region: String?
    ) throws(CatalogRefusal) {
        func isKnown(_ rule: OptionRule) -> Bool {
            rule.schemes.contains(scheme) && (region == nil || rule.isRegional)
        }
        let found = OptionRule.all.first { isSame($0.key, option.key) && isKnown($0) }
        guard let rule = found else {
            let place = region.map { " in region '\($0)'" } ?? ""
            let names = OptionRule.all.filter(isKnown).map { "\($0.key)" }
            let hint = NearestName.hint(for: "\(option.key)", among: names)
            throw .unknownOption(
                "'\(option.key)' of a \(scheme.text):// origin\(place)"
                    + (hint.isEmpty ? "; allowed: \(names.joined(separator: ", "))" : hint)
            )
        }
        guard option.value.utf8.count <= CatalogLimits.optionByteCount,
            rule.value.accepts(option.value)
        else {
            throw .badValue(
                "option \(option.key)=\(option.value.prefix(200)): allowed is \(rule.value.allowed)"
            )
        }
    }
}
