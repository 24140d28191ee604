// SPDX-License-Identifier: Apache-2.0

/// Something that must hold after every event of every world.
protocol Invariant: Sendable {
    /// Says what is wrong, if anything, after `observation` in `world`.
    mutating func violation(after observation: Observation, in world: World) -> String?
}
