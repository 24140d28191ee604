// SPDX-License-Identifier: Apache-2.0

/// Writes 16 lower-case hex digits, most significant first.
package func hexText(_ value: UInt64) -> String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
}

/// Writes two lower-case hex digits a byte.
package func hexText(_ bytes: some Sequence<UInt8>) -> String {
    let alphabet = Array("0123456789abcdef".utf8)
    var text: [UInt8] = []
    for byte in bytes {
        text.append(alphabet[Int(byte >> 4)])
        text.append(alphabet[Int(byte & 15)])
    }
    return String(decoding: text, as: UTF8.self)
}

/// The value of one ASCII hex digit of either case; `nil` for any other byte.
package func hexDigit(_ character: UInt8) -> UInt8? {
    switch character {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): character - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): character - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): character - UInt8(ascii: "A") + 10
    default: nil
    }
}
