// SPDX-License-Identifier: Apache-2.0

/// The call that mount(8) makes for an `/etc/fstab` line of type `fuse.tarn`.
///
///     10.0.1.11:7400,10.0.1.12:7400  /lake  fuse.tarn  ro,allow_other,_netdev  0 0
///
/// mount.fuse3(8) runs `tarn SOURCE DIR -o OPTIONS`. SOURCE is `tarn` or `none` for the default
/// address, else addresses as for `--addr`, and may end with the path to show: `10.0.1.11:7400/data`.
package enum FstabCall {
    /// Options that describe the line or are every FUSE mount's rule, not asked of us.
    private static let generic: Set<String> = [
        "rw", "auto", "noauto", "user", "nouser", "users", "nofail", "_netdev", "defaults", "async",
        "dev", "nodev", "suid", "nosuid", "exec", "atime", "noatime", "relatime",
    ]

    /// The words of `fuse mount` for such a call; `nil` for any other command line.
    package static func words(_ words: [String], nouns: [String]) -> [String]? {
        guard words.count == 2 || words.count == 4 else { return nil }
        guard !words[0].hasPrefix("-"), !nouns.contains(words[0]), words[0] != "help",
            words[1].hasPrefix("/"), words.count == 2 || words[2] == "-o"
        else { return nil }
        var result = ["fuse", "mount", words[1]]
        let source = words[0]
        if !["tarn", "none"].contains(source) {
            let slash = source.firstIndex(of: "/") ?? source.endIndex
            result += ["--addr", String(source[..<slash])]
            if slash < source.endIndex { result += ["--path", String(source[slash...])] }
        }
        let options = words.count == 4 ? words[3].split(separator: ",").map(String.init) : []
        let ours = options.filter { !generic.contains($0) && !$0.hasPrefix("x-") }
        return ours.isEmpty ? result : result + ["--mount-option", ours.joined(separator: ",")]
    }
}
