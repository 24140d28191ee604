// SPDX-License-Identifier: Apache-2.0
import Codecs
import Primitives
import Testing

/// Amazon's published vectors: the signature test suite (2015) and the examples of the S3 user guide.
@Suite struct S3SignatureV4Tests {
    struct Vector: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let request: S3SignatureV4.Request
        let isS3: Bool
        let signature: String

        /// A vector of the test suite.
        init(
            _ name: String,
            _ method: String,
            _ path: String,
            _ query: [(ByteString, ByteString)],
            _ headers: [(String, String)],
            _ signature: String
        ) {
            testDescription = name
            request = S3SignatureV4.Request(
                method: method,
                path: path,
                query: S3SignatureV4.canonicalQuery(query.map { (name: $0.0, value: $0.1) }),
                headers: [("Host", "example.amazonaws.com"), ("X-Amz-Date", "20150830T123600Z")]
                    + headers.map { (name: $0.0, value: $0.1) },
                payloadDigest: S3SignatureV4.emptyPayload
            )
            isS3 = false
            self.signature = signature
        }

        /// An example of the S3 guide.
        init(
            s3 name: String,
            _ path: String,
            _ query: [(ByteString, ByteString)],
            _ headers: [(String, String)],
            _ signature: String
        ) {
            testDescription = name
            request = S3SignatureV4.Request(
                method: "GET",
                path: path,
                query: S3SignatureV4.canonicalQuery(query.map { (name: $0.0, value: $0.1) }),
                headers: [
                    ("Host", "examplebucket.s3.amazonaws.com"), ("x-amz-date", "20130524T000000Z"),
                    ("x-amz-content-sha256", S3SignatureV4.emptyPayload),
                ] + headers.map { (name: $0.0, value: $0.1) },
                payloadDigest: S3SignatureV4.emptyPayload
            )
            isS3 = true
            self.signature = signature
        }
    }

    // swift-format-ignore
    static let vectors: [Vector] = [
        Vector("get-vanilla", "GET", "/", [], [],
               "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
        Vector("post-vanilla", "POST", "/", [], [],
               "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"),
        Vector("get-vanilla-query-order-key-case", "GET", "/", [("Param2", "value2"), ("Param1", "value1")], [],
               "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"),
        Vector("get-vanilla-empty-query-key", "GET", "/", [("Param1", "value1")], [],
               "a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9aeb"),
        Vector("get-unreserved", "GET", "/-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", [], [],
               "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f"),
        Vector("get-utf8", "GET", "/" + S3KeyEncoding.encoded("\u{1234}".utf8, slash: .kept), [], [],
               "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85"),
        Vector("get-header-value-trim", "GET", "/", [], [("My-Header1", " value1"), ("My-Header2", " \"a   b   c\"")],
               "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736"),
        Vector("get-header-value-order", "GET", "/", [], [("My-Header1", "value4"), ("My-Header1", "value1"), ("My-Header1", "value3"), ("My-Header1", "value2")],
               "08c7e5a9acfcfeb3ab6b2185e75ce8b1deb5e634ec47601a50643f830c755c01"),
        Vector(s3: "get a range", "/test.txt", [], [("Range", "bytes=0-9")],
               "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"),
        Vector(s3: "get the lifecycle", "/", [("lifecycle", "")], [],
               "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"),
        Vector(s3: "list", "/", [("prefix", "J"), ("max-keys", "2")], [],
               "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"),
    ]

    @Test(arguments: vectors)
    func publishedVectorsAreSignedAlike(vector: Vector) {
        let timestamp = vector.isS3 ? "20130524T000000Z" : "20150830T123600Z"
        let secret =
            vector.isS3
            ? "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
            : "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
        let scope = S3SignatureV4.Scope(
            date: String(timestamp.prefix(8)),
            region: "us-east-1",
            service: vector.isS3 ? "s3" : "service"
        )
        let header = S3SignatureV4.authorization(
            vector.request,
            accessKey: "AKID",
            signingKey: S3SignatureV4.signingKey(secret: secret, scope: scope),
            timestamp: timestamp,
            scope: scope
        )
        #expect(header.hasSuffix("Signature=\(vector.signature)"))
        #expect(
            header.hasPrefix("AWS4-HMAC-SHA256 Credential=AKID/\(scope.text), SignedHeaders=host;")
        )
    }

    /// "Deriving a signing key", AWS general reference.
    @Test func theSigningKeyIsThePublishedOne() {
        let key = S3SignatureV4.signingKey(
            secret: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
            scope: .init(date: "20150830", region: "us-east-1", service: "iam")
        )
        #expect(hexText(key) == "c4afb1cc5771d871763a393e44b703571b55cc28424d1a5e86da6ed3c154a4b9")
    }

    @Test func theCacheNeverAnswersForAnotherScopeOrSecret() {
        var cache = S3SigningKeyCache()
        for secret in ["a", "b", "a"] {
            for date in ["20260101", "20260102"] {
                for region in ["x", "y"] {
                    let scope = S3SignatureV4.Scope(date: date, region: region)
                    let fresh = S3SignatureV4.signingKey(secret: secret, scope: scope)
                    #expect(cache.key(secret: secret, scope: scope) == fresh)
                    #expect(cache.key(secret: secret, scope: scope) == fresh)
                }
            }
        }
    }
}
