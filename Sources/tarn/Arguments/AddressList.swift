// SPDX-License-Identifier: Apache-2.0

package import Settings

/// `[http://]HOST[:PORT][,…]`, the value of `--addr` and `TARN_ADDR`.
package struct AddressList: Sendable, Hashable {
    /// At least one.
    package let addresses: [HostPort]

    /// What is wrong with a text.
    package struct Refusal: Error, CustomStringConvertible {
        package let reason: String
        package var description: String { reason }
    }

    private static let defaultPort: UInt16 = 7400

    /// - Throws: ``Refusal`` with what was given and what is allowed.
    package init(parsing text: String) throws(Refusal) {
        var addresses: [HostPort] = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            addresses.append(try Self.address(String(part)))
        }
        self.addresses = addresses
    }

    private static func address(_ text: String) throws(Refusal) -> HostPort {
        if text.hasPrefix("https://") {
            throw Refusal(reason: "'\(text)': TLS is not built yet; give HOST:PORT")
        }
        let plain = text.hasPrefix("http://") ? String(text.dropFirst("http://".count)) : text
        let withPort = HostPort(plain) ?? HostPort("\(plain):\(defaultPort)")
        guard let address = withPort, address.port != 0 else {
            throw Refusal(
                reason: "'\(text)' is no address; allowed is HOST:PORT, several with commas between"
            )
        }
        return address
    }
}
