// SPDX-License-Identifier: Apache-2.0

import CBuildFacts

/// What this binary is.
package enum BuildFacts {
    /// Semantic version of the release.
    package static let version = "0.1.0"

    /// `release` or `debug`, processor and compiler.
    package static let build = "\(configuration), Linux \(processor), Swift \(compiler)"

    /// `tarn 0.1.0 (commit …; release, Linux x86_64, Swift 6.3)`.
    package static let line = "tarn \(version) (commit \(commit); \(build))"

    /// What the build was told in the variable TARN_COMMIT; a build that was told nothing says so.
    ///
    /// Safe because the C side returns a string literal, which lives as long as the process.
    package static let commit = unsafe String(cString: tarn_build_commit())

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
