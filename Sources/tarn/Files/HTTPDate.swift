// SPDX-License-Identifier: Apache-2.0

package import APIModel

/// `Sun, 06 Nov 1994 08:49:37 GMT`, the form that RFC 9110 §5.6.7 tells servers to write.
package struct HTTPDate: Hashable, Sendable {
    package let unixSeconds: Int64

    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    /// `nil` for anything else, the obsolete forms among it.
    package init?(_ text: String) {
        let words = text.split(separator: " ")
        guard words.count == 6, words[0].hasSuffix(","), words[5] == "GMT",
            let month = Self.months.firstIndex(of: String(words[2]))
        else { return nil }
        let padded = month + 1 < 10 ? "0\(month + 1)" : "\(month + 1)"
        guard words[1].count == 2, words[3].count == 4,
            let moment = Timestamp("\(words[3])-\(padded)-\(words[1])T\(words[4])Z")
        else { return nil }
        unixSeconds = moment.unixMilliseconds / 1000
    }

    package var timestamp: Timestamp { Timestamp(unixMilliseconds: unixSeconds * 1000) }
}
