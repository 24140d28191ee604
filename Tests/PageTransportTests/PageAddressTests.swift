// SPDX-License-Identifier: Apache-2.0
import PageTransport
import Testing

@Suite struct PageAddressTests {
    // swift-format-ignore
    @Test(arguments: [
        ("127.0.0.1:7402",        PageAddress.tcp(host: "127.0.0.1", port: 7402)),
        ("w1.example:1",          .tcp(host: "w1.example", port: 1)),
        ("[::1]:7402",            .tcp(host: "::1", port: 7402)),
        ("unix:/run/tarn/a.sock", .unix(path: "/run/tarn/a.sock")),
    ])
    func textAndBack(text: String, address: PageAddress) {
        #expect(PageAddress(text) == address)
        #expect(address.description == text)
    }

    @Test(arguments: [
        "", "7402", ":7402", "a:", "a:x", "a:70000", "::1:7402", "unix:a.sock", "[]:1",
    ])
    func nonsense(text: String) {
        #expect(PageAddress(text) == nil)
    }

    @Test func socketPathsHold107Bytes() {
        let path = "/" + String(repeating: "p", count: 106)
        #expect(PageAddress("unix:" + path) == .unix(path: path))
        #expect(PageAddress("unix:" + path + "p") == nil)
    }
}
