// SPDX-License-Identifier: Apache-2.0

import Linearizability
import Primitives

/// Histories of one key of the versioned map, drawn from a seed.
enum RandomHistory {
    /// Executed one by one at a moment between begin and end; some answers get lost.
    static func honest(seed: UInt64, operationCount: Int, clientCount: Int) -> History<VersionedMap>
    {
        var random = SplitMix64(seed: seed)
        var freeAt = [UInt64](repeating: 0, count: clientCount)
        var plans: [Plan] = []
        for number in 0..<operationCount {
            let client = Int.random(in: 0..<clientCount, using: &random)
            let begin = freeAt[client] + UInt64.random(in: 1...40, using: &random)
            let effect = begin + UInt64.random(in: 0...60, using: &random)
            let end = effect + UInt64.random(in: 0...60, using: &random)
            freeAt[client] = end
            let isLost = number % 50 == 49
            plans.append(Plan(client: UInt64(client), begin, effect, isLost ? nil : end))
        }
        return execute(plans, &random)
    }

    /// A few operations, close together; in two of three histories one answer is made up.
    static func make(seed: UInt64, operationCount: Int) -> History<VersionedMap> {
        var random = SplitMix64(seed: seed)
        let plans = (0..<operationCount).map { number in
            let begin = UInt64.random(in: 0...40, using: &random)
            let effect = begin + UInt64.random(in: 0...15, using: &random)
            let end = effect + UInt64.random(in: 0...15, using: &random)
            let isLost = UInt64.random(in: 0..<5, using: &random) == 0
            return Plan(client: UInt64(number), begin, effect, isLost ? nil : end)
        }
        return execute(plans, &random, liesAbout: seed % 3 == 0 ? nil : Int(seed) % operationCount)
    }

    // MARK: - Private

    private struct Plan {
        let client: UInt64
        let beganAt: UInt64
        let effectAt: UInt64
        let endedAt: UInt64?

        init(client: UInt64, _ beganAt: UInt64, _ effectAt: UInt64, _ endedAt: UInt64?) {
            self.client = client
            self.beganAt = beganAt
            self.effectAt = effectAt
            self.endedAt = endedAt
        }
    }

    private static func execute(
        _ plans: [Plan],
        _ random: inout SplitMix64,
        liesAbout lie: Int? = nil
    ) -> History<VersionedMap> {
        var cell = Cell()
        var outcomes: [Int: (VersionedMap.Input, VersionedMap.Output)] = [:]
        for index in plans.indices.sorted(by: { plans[$0].effectAt < plans[$1].effectAt }) {
            let input = input(&random, value: UInt64(index) + 100, cell)
            outcomes[index] = (input, cell.perform(input))
            if index == lie { outcomes[index]?.1 = madeUp(input, &random) }
        }
        var history = History<VersionedMap>()
        for index in plans.indices.sorted(by: { plans[$0].beganAt < plans[$1].beganAt }) {
            guard let (input, output) = outcomes[index] else { continue }
            let plan = plans[index]
            let id = history.began(input, by: plan.client, at: plan.beganAt)
            if let endedAt = plan.endedAt { history.ended(id, with: output, at: endedAt) }
        }
        return history
    }

    private static func input(
        _ random: inout SplitMix64,
        value: UInt64,
        _ cell: Cell
    ) -> VersionedMap.Input {
        let near = cell.entryRevision &+ UInt64.random(in: 0...1, using: &random)
        let condition: VersionedMap.Condition =
            switch UInt64.random(in: 0..<4, using: &random) {
            case 0: .absent
            case 1: .revision(max(1, near))
            default: .any
            }
        return switch UInt64.random(in: 0..<10, using: &random) {
        case 0..<5: .get("k")
        case 5..<8: .put("k", value, if: condition)
        default: .delete("k", if: condition == .absent ? .any : condition)
        }
    }

    private static func madeUp(
        _ input: VersionedMap.Input,
        _ random: inout SplitMix64
    ) -> VersionedMap.Output {
        let revision = UInt64.random(in: 0...4, using: &random)
        if case .get = input {
            return revision == 0
                ? .absent(asOf: nil)
                : .found(
                    100 + UInt64.random(in: 0...5, using: &random),
                    revision: revision,
                    asOf: nil
                )
        }
        return revision % 2 == 0 ? .refused(current: revision) : .written(revision)
    }

    /// One key of an honest store.
    private struct Cell {
        private var value: UInt64?
        private var revision: UInt64 = 0
        /// 0: there is no entry.
        var entryRevision: UInt64 { value == nil ? 0 : revision }

        mutating func perform(_ input: VersionedMap.Input) -> VersionedMap.Output {
            switch input {
            case .get:
                return value.map { .found($0, revision: revision, asOf: nil) } ?? .absent(asOf: nil)
            case .put(_, let new, let condition): return write(new, condition)
            case .delete(_, let condition):
                return value == nil ? .refused(current: 0) : write(nil, condition)
            }
        }

        private mutating func write(
            _ new: UInt64?,
            _ condition: VersionedMap.Condition
        ) -> VersionedMap.Output {
            let holds =
                switch condition {
                case .any: true
                case .absent: value == nil
                case .revision(let expected): value != nil && revision == expected
                }
            guard holds else { return .refused(current: entryRevision) }
            value = new
            revision += 1
            return .written(revision)
        }
    }
}
