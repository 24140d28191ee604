// SPDX-License-Identifier: Apache-2.0

/// What this binary is.
package enum BuildFacts {
    /// Semantic version of the release.
    package static let version = "0.1.0"

    /// `release` or `debug`, processor and compiler.
    package static let build = "\(configuration), Linux \(processor), Swift \(compiler)"

    /// `tarn 0.1.0 (commit …; release, Linux x86_64, Swift 6.3)`.
    package static let line = "tarn \(version) (commit \(commit); \(build))"

    /// Stamped by whoever builds a release; a build that nobody stamped says so.
    package static let commit = "unknown"

    private static var configuration: String {
        #if DEBUG
        "debug"
        #else
        "release"
        #endif
    }

    private static var processor: String {
        #if arch(x86_64)
        "x86_64"
        #elseif arch(arm64)
        "aarch64"
        #else
        "other"
        #endif
    }

    private static var compiler: String {
        #if compiler(>=6.4)
        "6.4 or later"
        #elseif compiler(>=6.3)
        "6.3"
        #else
        "6.2"
        #endif
    }
}
