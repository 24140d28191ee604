// SPDX-License-Identifier: Apache-2.0
import APIModel
import Foundation

extension HTTPDate {
    /// What the `Date` header of an answer says.
    static var now: Self { Self(unixSeconds: Int64(Date().timeIntervalSince1970.rounded(.down))) }
}
