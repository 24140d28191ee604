// SPDX-License-Identifier: Apache-2.0
import PeerTransport
import Testing

@Suite struct PeerAddressTests {
    // swift-format-ignore
    static let texts: [(String, PeerAddress?)] = [
        ("w1.example:7403",  PeerAddress(host: "w1.example", port: 7403)),
        ("10.0.1.11:1",      PeerAddress(host: "10.0.1.11", port: 1)),
        ("[::1]:65535",      PeerAddress(host: "::1", port: 65535)),
        ("::1:7403",         nil),
        ("w1",               nil),
        ("w1:",              nil),
        (":7403",            nil),
        ("[]:7403",          nil),
        ("w1:0",             nil),
        ("w1:65536",         nil),
        ("w1:+1",            nil),
        ("w1:-1",            nil),
        ("w1:x",             nil),
        ("",                 nil),
    ]

    @Test(arguments: texts) func reads(text: String, address: PeerAddress?) {
        #expect(PeerAddress(text) == address)
        if let address { #expect(address.description == text) }
    }
}
