// SPDX-License-Identifier: Apache-2.0
/// Picks owners from workers met on a walk around the ring.
///
/// One walk does both passes: a worker whose zone is taken already is put aside, and those put
/// aside, in the order met, are exactly what a second walk would find first.
struct OwnerSelection {
    private let wanted: Int
    private let zoneCount: Int
    private var spread: [Int] = []
    private var spreadZones: [Int] = []
    private var aside: [Int] = []

    init(wanted: Int, zoneCount: Int) {
        self.wanted = wanted
        self.zoneCount = zoneCount
    }

    /// Whether nothing met from here on could change ``members``.
    var isComplete: Bool {
        spread.count >= wanted
            || (spread.count == zoneCount && spread.count + aside.count >= wanted)
    }

    /// The owners found, in the order of preference.
    var members: [Int] { spread + aside.prefix(max(0, wanted - spread.count)) }

    /// Takes note of the worker of the next point.
    ///
    /// Lists are searched one by one: they hold at most as many workers as were walked past, which
    /// is a handful.
    mutating func meet(member: Int, zone: Int) {
        if !spreadZones.contains(zone) {
            spread.append(member)
            spreadZones.append(zone)
        } else if !spread.contains(member), !aside.contains(member) {
            aside.append(member)
        }
    }
}
