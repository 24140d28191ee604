// SPDX-License-Identifier: Apache-2.0
import Codecs
import Primitives
import Testing

@Suite struct S3XMLTests {
    private func events(_ document: String) throws(S3XMLError) -> [S3XMLReader.Event] {
        var reader = S3XMLReader(Array(document.utf8))
        var events: [S3XMLReader.Event] = []
        while true {
            let event = try reader.next()
            if event == .endOfDocument { return events }
            events.append(event)
        }
    }

    // swift-format-ignore
    static let texts: [(inside: String, text: String)] = [
        ("plain",                            "plain"),
        ("&lt;&gt;&amp;&quot;&apos;",        "<>&\"'"),
        ("&#65;&#x42;&#x1F600;",             "AB\u{1F600}"),
        ("<![CDATA[<a>&amp;]]>",             "<a>&amp;"),
        ("a<![CDATA[]]>b<![CDATA[ c]]>",     "ab c"),
        ("a<![CDATA[]] >]]>b",               "a]] >b"),
        (" \n a",                            " \n a"),
    ]

    @Test(arguments: texts)
    func textIsResolved(inside: String, text: String) throws {
        let found = try events("<a>\(inside)</a>")
        #expect(found == [.start("a"), .text(Array(text.utf8)), .end("a")])
    }

    @Test func furnitureIsSkipped() throws {
        let document = """
            \u{FEFF}<?xml version="1.0" encoding="UTF-8"?>
            <!-- hello --> <s:a xmlns:s="http://x/" b = 'c>d'><s:b/><!-- <c> --><d /></s:a >
            """
        #expect(
            try events(document) == [
                .start("a"), .start("b"), .end("b"), .start("d"), .end("d"), .end("a"),
            ]
        )
    }

    // swift-format-ignore
    static let malformed = [
        "", " ", "a", "<", "<a", "<a>", "<a></b>", "</a>", "<a/><b/>", "<a/>x", "<a><b></a></b>",
        "<a>&lt</a>", "<a>&nope;</a>", "<a>&#0;</a>", "<a>&#xD800;</a>", "<a>&#x110000;</a>", "<a>&#-5;</a>",
        "<a>&#;</a>", "<a b></a>", "<a b=c></a>", "<a b='c></a>", "<a b='<'></a>", "<a b='c'd='e'/>",
        "<1a/>", "< a/>", "<!-- a", "<a><!-- </a>", "<?xml", "<a><![CDATA[</a>", "<a/><!-- x", "<a>\u{0}",
    ]

    @Test(arguments: malformed)
    func nothingElseIsXML(document: String) {
        #expect(throws: S3XMLError.self) { try events(document) }
    }

    @Test func boundsHold() {
        let deep = String(repeating: "<a>", count: 17) + String(repeating: "</a>", count: 17)
        #expect(throws: S3XMLError.tooLarge(atByte: 49)) { try events(deep) }
        let name = String(repeating: "a", count: 129)
        #expect(throws: S3XMLError.tooLarge(atByte: 1)) { try events("<\(name)/>") }
        let text = String(repeating: "x", count: 65_537)
        #expect(throws: S3XMLError.tooLarge(atByte: 65_540)) { try events("<a>\(text)</a>") }
        #expect(throws: S3XMLError.declaresTypes(atByte: 0)) {
            try events("<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>")
        }
    }

    private static let listing = """
        <?xml version="1.0" encoding="UTF-8"?>
        <ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>b</Name>
        <Prefix></Prefix><KeyCount>3</KeyCount><MaxKeys>1000</MaxKeys><EncodingType>url</EncodingType>
        <IsTruncated>true</IsTruncated><NextContinuationToken>1u+/=&amp;</NextContinuationToken>
        <Contents><Key>a+b%2Bc%2F%C3%A9</Key><LastModified>2009-10-12T17:50:30.000Z</LastModified>
        <ETag>&quot;fba9dede5f27731c9771645a39863328&quot;</ETag><Size>434234</Size>
        <Owner><ID>x</ID></Owner><StorageClass>STANDARD</StorageClass></Contents>
        <Contents><Key>z</Key><LastModified>1970-01-01T00:00:01Z</LastModified><Size>0</Size></Contents>
        <CommonPrefixes><Prefix>photos%2F</Prefix></CommonPrefixes></ListBucketResult>
        """

    @Test func aListingIsRead() throws {
        let page = try S3ListXML(document: Array(Self.listing.utf8))
        #expect(
            page.objects == [
                .init(
                    key: "a b+c/é",
                    size: 434_234,
                    modifiedUnixSeconds: 1_255_369_830,
                    eTag: "\"fba9dede5f27731c9771645a39863328\""
                ),
                .init(key: "z", size: 0, modifiedUnixSeconds: 1, eTag: ""),
            ]
        )
        #expect(page.prefixes == ["photos/"])
        #expect(page.nextToken == "1u+/=&")
    }

    /// A store that ignores `encoding-type` sends keys as they are.
    @Test func keysStayRawUnlessTheAnswerSaysOtherwise() throws {
        let raw = Self.listing.split(separator: "<EncodingType>url</EncodingType>").joined()
        let page = try S3ListXML(document: Array(raw.utf8))
        #expect(page.objects.first?.key == "a+b%2Bc%2F%C3%A9")
        #expect(page.prefixes == ["photos%2F"])
    }

    // swift-format-ignore
    static let errors: [(document: String, error: S3ErrorXML?)] = [
        ("<Error><Code>NoSuchKey</Code><Message>m</Message></Error>", S3ErrorXML(code: "NoSuchKey", region: nil)),
        ("<Error><Code>X</Code><Region>eu-west-1</Region></Error>",   S3ErrorXML(code: "X", region: "eu-west-1")),
        ("<ErrorResponse><Error><Code>ExpiredToken</Code></Error></ErrorResponse>", S3ErrorXML(code: "ExpiredToken", region: nil)),
        ("<Error><Code>two words</Code></Error>",                     nil),
        ("<Error><Code>a\nb</Code></Error>",                          nil),
        ("<Error></Error>",                                           nil),
        ("<html/>",                                                   nil),
        ("",                                                          nil),
    ]

    @Test(arguments: errors)
    func anErrorSaysItsCode(document: String, error: S3ErrorXML?) {
        #expect(S3ErrorXML(document: Array(document.utf8)) == error)
    }

    /// Goal: no bytes make the readers trap or give a listing out of nothing.
    ///
    /// Method: mutate the good document (flip, cut, repeat, splice) and read it; truncations at every
    /// byte; plain noise.
    @Test(arguments: UInt64(1)...20)
    func hostileBytesNeverTrap(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        let good = Array(Self.listing.utf8)
        var (accepted, refused) = (0, 0)
        for round in 0..<200 {
            var bytes = good
            for _ in 0...Int.random(in: 0..<4, using: &random) {
                let place = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0..<4, using: &random) {
                case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
                case 1: bytes.removeSubrange(place..<min(bytes.count, place + 9))
                case 2: bytes.insert(contentsOf: bytes[place...].prefix(40), at: place)
                default:
                    bytes.insert(contentsOf: "<&]]>;/!\"'".utf8.shuffled(using: &random), at: place)
                }
                if bytes.isEmpty { bytes = [0x3C] }
            }
            if round % 10 == 0 {
                bytes = (0..<300).map { _ in UInt8.random(in: 0...255, using: &random) }
            }
            if (try? S3ListXML(document: bytes)) == nil { refused += 1 } else { accepted += 1 }
            _ = S3ErrorXML(document: bytes)
        }
        #expect(refused > 0 && accepted > 0, "seed \(seed) tested nothing")
    }

    @Test func noTruncationIsAccepted() {
        let good = Array(Self.listing.utf8)
        let accepted = (0..<good.count).filter {
            (try? S3ListXML(document: Array(good[..<$0]))) != nil
        }
        #expect(accepted == [])
    }
}
