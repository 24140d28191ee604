// SPDX-License-Identifier: Apache-2.0
import Origins
import Primitives
import Testing

/// What is closed opens for its key, its name and its cluster, and for nothing else.
@Suite struct CredentialSealTests {
    static let cluster = ClusterID(UniqueID(high: 9, low: 1))
    static let other = ClusterID(UniqueID(high: 9, low: 2))
    /// 0, 1, 2, … 31.
    static let keyText = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
    static let value = CredentialValue([
        (name: "secretAccessKey", value: "SK"), (name: "accessKeyId", value: "AK"),
    ])

    private static func key(_ text: String = keyText) throws -> CredentialKey {
        try #require(CredentialKey(text: text))
    }

    @Test func whatIsClosedOpens() throws {
        let key = try Self.key()
        for count in [0, 1, 255, 4096] {
            let value = [UInt8](repeating: 7, count: count)
            let closed = CredentialSeal.seal(value, named: "lake", of: Self.cluster, with: key)
            #expect(closed.count == count + CredentialSeal.overhead)
            #expect(
                CredentialSeal.open(closed, named: "lake", of: Self.cluster, with: key) == value
            )
        }
    }

    /// Sealed by another implementation: Python's `cryptography`, from the format's description.
    @Test func theFormatIsWhatItIsSaidToBe() throws {
        let golden = try #require(
            bytes(
                """
                016465666768696a6b6c6d6e6f220dc88b8eba4465caa89a675cbf4e10fbdb42ee045b525417c44d3e3040b7\
                22dae20cb35c5a52b4c34ae4c84473b5ab355d862598c68287f4e775415e405aaf8bf34c0b4b9c426f1a8907\
                5fb9f57d89a345f3a3955bc0f8fe3706b3529fcd53183b214c9d38cfaac8d94285d7a89b51fdcc287c0a295a\
                ce1df0453f533473a2fa1e6f9f5a031a59e036c40e51f506db9b1baf4cc37fc0ace1d5f3b5de445f9ebe5fe4\
                6abf223cad2a5d80f0d6822098ee07a45c721a8f30ed2c20b165d78255060dcebae97ab2f4e90716fdf37c52\
                b086494c35416b5ee1d2f81de4395c73aa1407c8a4eaef838a0a9e9de9202dc1d2877a59617592688a7bbd5f\
                da0f220f13aec6f8ce751989ad5828b2d203ae8c37
                """
            )
        )
        let key = try Self.key()
        #expect("\(key.id)" == "ed92ad6dc4719d41")
        #expect(hexText(key.fingerprint(of: Array("abc".utf8))) == "e7be2698efe82971")
        let opened = CredentialSeal.open(golden, named: "lake", of: Self.cluster, with: key)
        #expect(opened == Self.value.encode())
        let value = try CredentialValue(decoding: try #require(opened))
        #expect(value.fields.map(\.name) == ["accessKeyId", "secretAccessKey"])
        #expect(value.fields.map(\.value) == ["AK", "SK"])
    }

    @Test func everyByteCounts() throws {
        let key = try Self.key()
        let closed = CredentialSeal.seal(
            Self.value.encode(),
            named: "lake",
            of: Self.cluster,
            with: key
        )
        func opens(_ bytes: [UInt8]) -> Bool {
            CredentialSeal.open(bytes, named: "lake", of: Self.cluster, with: key) != nil
        }
        #expect(opens(closed))
        for place in closed.indices {
            for bit in 0..<8 {
                var changed = closed
                changed[place] ^= 1 << bit
                #expect(!opens(changed), "bit \(bit) of byte \(place)")
            }
        }
        for count in closed.indices { #expect(!opens(Array(closed[..<count])), "\(count) bytes") }
        #expect(!opens(closed + [0]))
    }

    @Test func anotherNameClusterOrKeyOpensNothing() throws {
        let key = try Self.key()
        let stranger = try #require(CredentialKey([UInt8](repeating: 1, count: 32)))
        let closed = CredentialSeal.seal([1, 2], named: "lake", of: Self.cluster, with: key)
        #expect(CredentialSeal.open(closed, named: "lak", of: Self.cluster, with: key) == nil)
        #expect(CredentialSeal.open(closed, named: "lake", of: Self.other, with: key) == nil)
        #expect(CredentialSeal.open(closed, named: "lake", of: Self.cluster, with: stranger) == nil)
    }

    /// Equal values must not show as equal: neither twice the same nor two names with one value.
    @Test func eachSealIsAnother() throws {
        let key = try Self.key()
        let seals = (0..<64).map { _ in
            CredentialSeal.seal([1, 2, 3], named: "lake", of: Self.cluster, with: key)
        }
        #expect(Set(seals).count == 64)
        #expect(Set(seals.map { Array($0[1..<13]) }).count == 64, "a nonce came twice")
    }

    @Test func theLengthOfTheValueDoesNotShow() {
        let short = CredentialValue([(name: "secretAccessKey", value: "a")])
        let long = CredentialValue([
            (name: "secretAccessKey", value: String(repeating: "a", count: 150))
        ])
        #expect(short.encode().count == long.encode().count)
    }

    // swift-format-ignore
    static let keys: [(what: String, text: String, isKey: Bool)] = [
        ("base64",               keyText,                                       true),
        ("hex",                  String(repeating: "0f", count: 32),            true),
        ("upper-case hex",       String(repeating: "0F", count: 32),            true),
        ("empty",                "",                                            false),
        ("hex, too short",       String(repeating: "0f", count: 31),            false),
        ("hex, too long",        String(repeating: "0f", count: 33),            false),
        ("a passphrase",         "correct horse battery staple",                false),
        ("base64 of 31 bytes",   "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHg==", false),
        ("bits behind the last", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh9=", false),
        ("without padding",      "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8",  false),
        ("URL-safe alphabet",    "__________________________________________8=", false),
    ]

    @Test(arguments: keys)
    func keysAreReadStrictly(_ row: (what: String, text: String, isKey: Bool)) {
        #expect((CredentialKey(text: row.text) != nil) == row.isKey, "\(row.what)")
    }

    @Test func keyringsAreReadWithoutQuotingThem() throws {
        let hex = String(repeating: "0f", count: 32)
        let ring = try CredentialKeyring(
            text: "# new\n  \(Self.keyText)  # mine\r\n\n\(hex),\(hex)\n"
        )
        #expect(ring.keys.count == 2, "the same key twice is one key")
        #expect("\(try #require(ring.sealing).id)" == "ed92ad6dc4719d41")

        #expect(throws: CredentialKeyring.Refusal.empty) { try CredentialKeyring(text: "# none") }
        #expect(throws: CredentialKeyring.Refusal.notAKey(line: 2)) {
            try CredentialKeyring(text: "\(hex)\nhunter2")
        }
        let many = (0...CredentialKeyring.keyLimit).map { number in
            hexText([UInt8](repeating: UInt8(number), count: 32))
        }
        #expect(throws: CredentialKeyring.Refusal.tooManyKeys) {
            try CredentialKeyring(text: many.joined(separator: "\n"))
        }
    }

    @Test func neitherKeysNorValuesShow() throws {
        let key = try Self.key()
        var dumped = "\(key) \(Self.value) \(String(reflecting: key)) \(CredentialKeyring([key]))"
        dump(key, to: &dumped)
        dump(Self.value, to: &dumped)
        #expect(
            !dumped.contains("SK") && !dumped.contains(Self.keyText) && !dumped.contains("0, 1")
        )
        #expect(dumped.contains("ed92ad6dc4719d41"))
    }

    private func bytes(_ text: String) -> [UInt8]? {
        let digits = text.utf8.compactMap(hexDigit)
        guard digits.count == text.utf8.count else { return nil }
        return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
    }
}
