// SPDX-License-Identifier: Apache-2.0

/// The call that mount(8) makes for an `/etc/fstab` line of type `fuse.tarn`.
///
///     10.0.1.11:7400,10.0.1.12:7400  /lake  fuse.tarn  ro,allow_other,_netdev  0 0
///
/// mount.fuse3(8) runs `tarn SOURCE DIR -o OPTIONS`, always with options. SOURCE is `tarn` or `none`
/// for the default address, else addresses as for `--addr` with a port or a comma, so that no mistyped
/// noun is taken for one; it may end with the path to show: `10.0.1.11:7400/data`.
package enum FstabCall {
    /// Options that describe the line or are every FUSE mount's rule, not asked of us.
    private static let generic: Set<String> = [
        "rw", "auto", "noauto", "user", "nouser", "users", "nofail", "_netdev", "defaults", "async",
        "dev", "nodev", "suid", "nosuid", "exec", "atime", "noatime", "relatime",
    ]

    /// The words of `fuse mount` for such a call; `nil` for any other command line.
    package static func words(_ words: [String]) -> [String]? {
        guard words.count == 4, words[1].hasPrefix("/"), words[2] == "-o" else { return nil }
        let source = words[0]
        let isDefault = source == "tarn" || source == "none"
        let isAddress = !source.hasPrefix("-") && source.contains { $0 == ":" || $0 == "," }
        guard isDefault || isAddress else { return nil }
        var result = ["fuse", "mount", words[1]]
        if !isDefault {
            let slash = source.firstIndex(of: "/") ?? source.endIndex
            result += ["--addr", String(source[..<slash])]
            if slash < source.endIndex { result += ["--path", String(source[slash...])] }
        }
        let ours = words[3].split(separator: ",").map(String.init)
            .filter { !generic.contains($0) && !$0.hasPrefix("x-") }
        return ours.isEmpty ? result : result + ["--mount-option", ours.joined(separator: ",")]
    }
}
