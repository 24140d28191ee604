// SPDX-License-Identifier: Apache-2.0
import FuseMount
import Primitives
import Testing

@Suite struct FuseMountOptionsTests {
    static let root = FuseMountOptions(uid: 0, gid: 0)

    @Test func rootSharesItsMountsAndOthersDoNot() {
        #expect(FuseMountOptions(uid: 0, gid: 0).allowOther)
        #expect(!FuseMountOptions(uid: 1000, gid: 1000).allowOther)
    }

    @Test func everyOptionIsRead() throws {
        let options = try FuseMountOptions(
            parsing: ["ro,allow_other,default_permissions,uid=7", "gid=8,fmode=0640,dmode=750"],
            defaults: FuseMountOptions(uid: 1000, gid: 1000)
        )
        #expect(options.allowOther && options.defaultPermissions)
        #expect(options.uid == 7 && options.gid == 8)
        #expect(options.fileMode == 0o640 && options.directoryMode == 0o750)
    }

    @Test func theWordsOfFstabMeanNothingHere() throws {
        let words =
            "defaults,noauto,_netdev,nofail,rw,nosuid,nodev,dev,suid,x-systemd.automount,"
            + "x-foo=bar,comment=hello,noatime,user"
        #expect(try FuseMountOptions(parsing: [words, ""], defaults: Self.root) == Self.root)
    }

    @Test func theLastWordCounts() throws {
        #expect(try FuseMountOptions(parsing: ["uid=1,uid=2"], defaults: Self.root).uid == 2)
    }

    // swift-format-ignore
    static let bad: [(text: String, error: FuseMountError)] = [
        ("alow_other",  .unknownOption(given: "alow_other", nearest: "allow_other")),
        ("fmod=644",    .unknownOption(given: "fmod=644", nearest: "fmode")),
        ("quux",        .unknownOption(given: "quux", nearest: nil)),
        ("uid",         .badOptionValue(option: "uid", given: "", allowed: "needs a value")),
        ("uid=x",       .badOptionValue(option: "uid", given: "x", allowed: "a number below 4294967295")),
        ("gid=-1",      .badOptionValue(option: "gid", given: "-1", allowed: "a number below 4294967295")),
        ("uid=4294967295", .badOptionValue(option: "uid", given: "4294967295", allowed: "a number below 4294967295")),
        ("fmode=999",   .badOptionValue(option: "fmode", given: "999", allowed: "an octal mode, 0 to 7777")),
        ("dmode=10000", .badOptionValue(option: "dmode", given: "10000", allowed: "an octal mode, 0 to 7777")),
        ("ro=1",        .badOptionValue(option: "ro", given: "1", allowed: "takes no value")),
    ]

    @Test(arguments: bad) func whatIsWrongIsNamed(text: String, error: FuseMountError) {
        #expect(throws: error) {
            try FuseMountOptions(parsing: ["ro," + text], defaults: Self.root)
        }
    }
}

@Suite struct MountInfoTests {
    @Test func aLineIsReadWithItsEscapes() throws {
        let line: ByteString =
            #"86 65 0:39 / /mnt/a\040b\134c ro,nosuid shared:1 master:2 - fuse.tarn tarn://h:1/x\040y ro,user_id=0"#
        let info = try #require(MountInfo(line: line))
        #expect(info.directory == #"/mnt/a b\c"#)
        #expect(info.device == "0:39")
        #expect(info.source == "tarn://h:1/x y")
        #expect(info.isTarn)
    }

    // swift-format-ignore
    static let other: [ByteString] = [
        "", "1 2 3", "86 65 0:39 / /mnt ro,nosuid fuse.tarn x ro", "86 65 0:39 / /mnt ro a -",
        "86 65 0:39 / /mnt ro a b c d -",
    ]

    @Test(arguments: other) func garbageIsNoMount(line: ByteString) {
        #expect(MountInfo(line: line) == nil)
    }

    @Test func theMountsOfThisMachineAreRead() throws {
        let all = try MountInfo.all()
        #expect(all.contains { $0.directory == "/" })
        #expect(all.contains { $0.type == "proc" && !$0.isTarn })
    }
}
