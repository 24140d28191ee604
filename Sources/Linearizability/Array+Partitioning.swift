// SPDX-License-Identifier: Apache-2.0

extension Array {
    /// The first place whose element satisfies a condition that, once true, stays so.
    func partitioningIndex(where isSecond: (Element) -> Bool) -> Int {
        var low = 0
        var high = count
        while low < high {
            let middle = (low + high) / 2
            if isSecond(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
