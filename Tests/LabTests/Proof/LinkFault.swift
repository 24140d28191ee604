// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestKit

/// Something that befalls the links between five voters, of which the first leads.
struct LinkFault: Sendable {
    /// What a fault does to packets, as the switch counts it.
    enum Bite: Sendable { case cut, lost }

    let name: String
    /// Longest time without an acknowledged write, from the fault until after it is healed; seconds.
    var outage = 2.5
    /// How often leaders may be elected, by the growth of the term.
    var termCount: UInt64 = 2
    /// Whether the leader cannot go on leading.
    var movesLeader = true
    var bite = Bite.cut
    let strike: @Sendable (Lab, [String]) async throws -> Void

    static let all: [LinkFault] = [
        LinkFault(name: "isolated leader") { lab, voters in
            try await lab.done(["partition", voters[0], rest(voters)])
        },
        LinkFault(name: "deaf leader") { lab, voters in
            try await lab.done(["one-way", rest(voters), voters[0]])
        },
        LinkFault(name: "mute leader") { lab, voters in
            try await lab.done(["one-way", voters[0], rest(voters)])
        },
        LinkFault(name: "halves, leader in the smaller") { lab, voters in
            try await cut(lab, voters[..<2], voters[2...])
        },
        LinkFault(name: "halves, leader in the larger", movesLeader: false) { lab, voters in
            try await cut(lab, voters[..<3], voters[3...])
        },
        LinkFault(name: "star, leader at a point", outage: 5) { lab, voters in
            let points = [voters[0]] + voters[2...]
            try await cut(lab, points[...], points[...])
        },
        LinkFault(name: "chain, leader at an end", outage: 5) { lab, voters in
            for place in 0..<3 { try await cut(lab, voters[place...place], voters[(place + 2)...]) }
        },
        LinkFault(name: "30 % loss", movesLeader: false, bite: .lost) { lab, voters in
            let all = voters.joined(separator: ",")
            try await lab.done(["shape", all, all, "--loss", "30%"])
        },
        LinkFault(name: "flapping link", termCount: 5, movesLeader: false) { lab, voters in
            for _ in 0..<8 {
                try await lab.done(["partition", voters[0], voters[1]])
                try await lab.done(["heal"])
            }
            try await lab.done(["partition", voters[0], voters[1]])
        },
        LinkFault(name: "flapping leader", termCount: 5, movesLeader: false) { lab, voters in
            for _ in 0..<8 {
                try await lab.done(["partition", voters[0], rest(voters)])
                try await lab.done(["heal"])
            }
            try await lab.done(["partition", voters[0], voters[1]])
        },
    ]

    /// Those whose names hold what `TARN_LINK_FAULTS` says, or all.
    static var wanted: [LinkFault] {
        let part = ProcessInfo.processInfo.environment["TARN_LINK_FAULTS"]
        return all.filter { part.map($0.name.contains) ?? true }
    }

    private static func rest(_ voters: [String]) -> String {
        voters.dropFirst().joined(separator: ",")
    }

    private static func cut(
        _ lab: Lab,
        _ some: ArraySlice<String>,
        _ others: ArraySlice<String>
    ) async throws {
        let sides = [some, others].map { $0.joined(separator: ",") }
        try await lab.done(["partition"] + sides)
    }
}
