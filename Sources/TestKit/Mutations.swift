// SPDX-License-Identifier: Apache-2.0
package import Primitives

/// Bytes changed, cut or prolonged at random.
package func mutated(_ bytes: [UInt8], _ random: inout SplitMix64) -> [UInt8] {
    var bytes = bytes
    for _ in 0..<Int.random(in: 0...3, using: &random) {
        switch Int.random(in: 0..<4, using: &random) {
        case 0 where !bytes.isEmpty:
            bytes[Int.random(in: bytes.indices, using: &random)] = UInt8.random(
                in: 0...255,
                using: &random
            )
        case 1: bytes = Array(bytes.prefix(Int.random(in: 0...bytes.count, using: &random)))
        case 2: bytes.append(UInt8.random(in: 0...255, using: &random))
        default:
            let start = Int.random(in: 0...bytes.count, using: &random)
            for index in start..<min(start + 8, bytes.count) { bytes[index] = 0xFF }
        }
    }
    return bytes
}
