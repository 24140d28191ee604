// SPDX-License-Identifier: Apache-2.0

package import Primitives

extension Mount {
    /// What this mount does differently in `region`; `nil`: nothing.
    package func override(for region: String) -> NamedOverride? {
        regions.first { isSame($0.region, region) }
    }

    /// The options that count: the region's, else those of the mount that the origin's scheme knows.
    ///
    /// A region may keep its copy in a store of another kind; an inherited `endpoint` then says
    /// nothing about a directory.
    func effectiveOptions(
        of override: NamedOverride?,
        at location: OriginLocation
    ) -> [MountOption] {
        if let options = override?.override.options { return options }
        return options.filter { option in
            OptionRule.rule(for: option.key)?.schemes.contains(location.scheme) ?? false
        }
    }

    /// The name of this mount's bucket at the S3 gateway, and whether an option gives it.
    ///
    /// The last component of `path` unless the option `bucket-name` is set.
    package func bucketName(at path: ByteString) -> (name: ByteString, isExplicit: Bool) {
        if let option = options.first(where: { isSame($0.key, "bucket-name") }) {
            return (ByteString(option.value), true)
        }
        let start = path.bytes.lastIndex(of: slash).map { $0 + 1 } ?? 0
        return (ByteString(path.bytes[start...]), false)
    }
}

// MARK: - Text forms of the API and the CLI

extension Mount.WritePolicy {
    /// `none`, `through` or `back`.
    package var text: String {
        switch self {
        case .none: "none"
        case .through: "through"
        case .back: "back"
        }
    }

    /// Reads ``text``; `nil` for anything else.
    package init?(_ text: String) {
        switch text {
        case "none": self = .none
        case "through": self = .through
        case "back": self = .back
        default: return nil
        }
    }
}

extension Mount.MetadataTTL: CustomStringConvertible {
    /// `immutable`, or a time such as `60s`.
    package var description: String {
        switch self {
        case .immutable: "immutable"
        case .expires(let span): span.description
        }
    }

    /// Reads ``description``; `nil` for anything else.
    package init?(_ text: String) {
        if text == "immutable" {
            self = .immutable
        } else if let span = Timespan(text) {
            self = .expires(span)
        } else {
            return nil
        }
    }
}

extension Mount.StalePolicy: CustomStringConvertible {
    /// `serve`, or `fail:` and a time such as `fail:30s`.
    package var description: String {
        switch self {
        case .serve: "serve"
        case .fail(let after): "fail:\(after)"
        }
    }

    /// Reads ``description``; `nil` for anything else.
    package init?(_ text: String) {
        if text == "serve" {
            self = .serve
        } else if text.utf8.starts(with: "fail:".utf8),
            let span = Timespan(String(text.dropFirst(5)))
        {
            self = .fail(after: span)
        } else {
            return nil
        }
    }
}

extension WorkerEntry.State {
    /// As documents and command lines name it.
    package var text: String {
        switch self {
        case .joining: "joining"
        case .active: "active"
        case .suspended: "suspended"
        case .draining: "draining"
        case .drained: "drained"
        case .removed: "removed"
        }
    }
}
