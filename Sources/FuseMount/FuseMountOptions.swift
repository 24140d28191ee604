// SPDX-License-Identifier: Apache-2.0
import Glibc
import Primitives

/// What `-o` of `tarn fuse mount` may say.
///
///     ro  allow_other  default_permissions  uid=N  gid=N  fmode=0644  dmode=0755
///
/// The generic words of `/etc/fstab` and mount(8) are taken and mean nothing here, except
/// `noexec`, which is passed on; `nodev` and `nosuid` always hold. The mount is read-only whatever
/// is said.
package struct FuseMountOptions: Hashable, Sendable {
    /// Whether users other than the one who mounts may look.
    package var allowOther: Bool
    /// Whether the kernel checks owner and mode bits; without it, everybody whom `allowOther` lets
    /// in may read everything.
    package var defaultPermissions: Bool
    /// Whether programs in the mount may not be started.
    package var noExec: Bool
    /// Owner shown for everything.
    package var uid: UInt32
    /// Group shown for everything.
    package var gid: UInt32
    /// Permission bits of files, at most 0o7777.
    package var fileMode: UInt32
    /// Permission bits of directories, at most 0o7777.
    package var directoryMode: UInt32

    /// What holds when nothing is said: whoever mounts owns everything.
    package init(uid: UInt32 = geteuid(), gid: UInt32 = getegid()) {
        allowOther = uid == 0
        defaultPermissions = true
        noExec = false
        self.uid = uid
        self.gid = gid
        fileMode = 0o644
        directoryMode = 0o755
    }

    /// Reads `-o` strings, each with words separated by commas; the last word counts.
    ///
    /// - Throws: ``FuseMountError/unknownOption(given:nearest:)``,
    ///   ``FuseMountError/badOptionValue(option:given:allowed:)``.
    package init(
        parsing texts: [String],
        defaults: FuseMountOptions = FuseMountOptions()
    ) throws(FuseMountError) {
        self = defaults
        for text in texts {
            for word in text.split(separator: ",") {
                try apply(String(word))
            }
        }
    }

    /// Words with a meaning here, for suggestions.
    private static let known = [
        "ro", "allow_other", "default_permissions", "uid", "gid", "fmode", "dmode", "noexec",
    ]

    /// Words of fstab and mount(8) that other programs act on, or that hold anyway.
    private static let generic: Set<String> = [
        "rw", "defaults", "auto", "noauto", "user", "users", "nouser", "owner", "group", "nofail",
        "_netdev", "dev", "nodev", "suid", "nosuid", "exec", "async", "atime", "noatime",
        "diratime", "nodiratime", "relatime", "norelatime", "strictatime", "nostrictatime",
        "lazytime", "nolazytime", "silent", "loud", "mand", "nomand", "nonempty",
    ]

    private mutating func apply(_ word: String) throws(FuseMountError) {
        let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        let name = String(parts[0])
        let value = parts.count == 2 ? String(parts[1]) : nil

        switch (name, value) {
        case ("uid", let value?): uid = try Self.number(value, option: name)
        case ("gid", let value?): gid = try Self.number(value, option: name)
        case ("fmode", let value?): fileMode = try Self.mode(value, option: name)
        case ("dmode", let value?): directoryMode = try Self.mode(value, option: name)
        case ("uid", nil), ("gid", nil), ("fmode", nil), ("dmode", nil):
            throw .badOptionValue(option: name, given: "", allowed: "needs a value")
        case ("comment", _): break
        case ("ro", nil): break
        case ("allow_other", nil): allowOther = true
        case ("default_permissions", nil): defaultPermissions = true
        case ("noexec", nil): noExec = true
        case (let name, _) where name.hasPrefix("x-") || name.hasPrefix("X-"): break
        case (let name, nil) where Self.generic.contains(name): break
        case (let name, let value?) where Self.known.contains(name):
            throw .badOptionValue(option: name, given: value, allowed: "takes no value")
        default: throw .unknownOption(given: word, nearest: Self.nearest(to: name))
        }
    }

    private static func number(
        _ text: String,
        option: String
    ) throws(FuseMountError) -> UInt32 {
        // 2³²−1 is "no user" to the kernel.
        guard let number = UInt32(text), number != .max else {
            throw .badOptionValue(option: option, given: text, allowed: "a number below 4294967295")
        }
        return number
    }

    private static func mode(_ text: String, option: String) throws(FuseMountError) -> UInt32 {
        guard let mode = UInt32(text, radix: 8), mode <= 0o7777 else {
            throw .badOptionValue(option: option, given: text, allowed: "an octal mode, 0 to 7777")
        }
        return mode
    }

    private static func nearest(to name: String) -> String? {
        NearestName.suggestions(for: name, among: known).first
    }
}

extension FuseMountOptions {
    /// The option string for the kernel and `fusermount3`; `source` is shown as the device.
    func kernelOptions(source: String) -> String {
        var words = ["ro", "nosuid", "nodev", "subtype=tarn"]
        if noExec { words.append("noexec") }
        if allowOther { words.append("allow_other") }
        if defaultPermissions { words.append("default_permissions") }
        words.append("fsname=" + Self.escaped(source))
        return words.joined(separator: ",")
    }

    /// A comma and a backslash would end the word (libfuse's `fuse_opt`).
    private static func escaped(_ text: String) -> String {
        String(text.flatMap { $0 == "," || $0 == "\\" ? ["\\", $0] : [$0] })
    }
}
