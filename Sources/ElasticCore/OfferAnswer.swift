// SPDX-License-Identifier: Apache-2.0
package import Codecs

/// What a worker said to an offer, or what its silence means.
package enum OfferAnswer: Hashable, Sendable {
    /// One for each page, in order.
    case verdicts([PageOfferVerdict])
    /// It has too much to do for now.
    case busy
    /// It did not answer, or is about to end.
    case silence
}
