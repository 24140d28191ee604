// SPDX-License-Identifier: Apache-2.0

/// Searches an order for the operations of one key.
///
/// Takes the first operation that may come next and answers as recorded, and goes on; at the end of an
/// operation that has no place yet, takes the last choice back. Answered operations are tried first.
/// Open ones would make the search hopeless, but for three rules that lose no order:
/// 1. One is placed only if the operation behind it would do or answer something else without it:
///    otherwise it may as well never have happened.
/// 2. Of open operations that ask for the same the one that began first comes first.
/// 3. ``DeadEnds`` are compared by what is left to use.
///
/// An answer that leaves the state as it is, a read's, is placed as soon as it fits, without a second
/// try: any order goes on to be one if it is moved there.
/// An answer with a rank waits until all answers of lower ranks have their place.
///
/// - Source: Wing and Gong, "Testing and verifying concurrent objects", 1993; Lowe, "Testing for
///   linearizability", 2017 (§4, the memory of visited configurations).
struct KeySearch<Model: SequentialModel> {
    typealias Operation = History<Model>.Operation

    enum Result {
        case order([Operation])
        /// The longest order that was reached, the state then, and what could have come next.
        case none(longest: [Operation], state: Model.State, stuck: [Operation])
        case exhausted
    }

    /// One choice: an operation by its place in `answered` or in `open`.
    private enum Choice {
        case answered(Int)
        case open(Int)
    }

    private let answered: [Operation]
    /// In the order of their begins.
    private let open: [Operation]
    /// For each open operation the one before it that asks for the same.
    private let twins: [Int?]

    /// For each answered operation with a rank how many answers of lower ranks there are.
    private let lowerRankCounts: [Int?]

    private var entries: EntryList
    private var placedRankCount = 0
    private var placedAnswered: BitSet
    private var placedOpen: BitSet
    private var state = Model.initial
    /// Choices made, with the state before each; a forced one has no alternative.
    private var path: [(choice: Choice, before: Model.State, isForced: Bool)] = []
    private var deadEnds = DeadEnds<Model.State>()
    private var stepCount = 0
    private var longest: (order: [Operation], state: Model.State, stuck: [Operation])

    /// - Parameter operations: In the order in which they began, none of them void.
    init(_ operations: [Operation]) {
        var times: [(beganAt: UInt64, endedAt: UInt64)] = []
        var answered: [Operation] = []
        for operation in operations {
            guard let endedAt = operation.endedAt else { continue }
            answered.append(operation)
            times.append((operation.beganAt, endedAt))
        }
        self.answered = answered
        open = operations.filter { $0.endedAt == nil }
        twins = Self.twins(open)
        lowerRankCounts = Self.lowerRankCounts(answered)
        entries = EntryList(times)
        placedAnswered = BitSet(count: answered.count)
        placedOpen = BitSet(count: open.count)
        longest = ([], Model.initial, [])
    }

    mutating func run(_ budget: CheckBudget) -> Result {
        longest.stuck = stuck
        var choice = firstChoice
        while entries.first != nil {
            guard let current = choice else {
                guard let last = takeBack() else {
                    return .none(
                        longest: longest.order,
                        state: longest.state,
                        stuck: longest.stuck
                    )
                }
                choice = last.isForced ? nil : self.choice(after: last.choice)
                continue
            }
            stepCount += 1
            guard stepCount + deadEnds.comparisonCount <= budget.stepCount,
                deadEnds.byteCount <= budget.memoByteCount
            else { return .exhausted }
            choice = place(current) ? firstChoice : self.choice(after: current)
        }
        return .order(path.map { operation($0.choice) })
    }

    // MARK: - Choices

    private static func twins(_ open: [Operation]) -> [Int?] {
        var last: [Model.Input: Int] = [:]
        return open.indices.map { last.updateValue($0, forKey: open[$0].input) }
    }

    private static func lowerRankCounts(_ answered: [Operation]) -> [Int?] {
        let ranks = answered.map { $0.output.flatMap(Model.rank(of:)) }
        let sorted = ranks.compactMap(\.self).sorted()
        return ranks.map { rank in
            rank.map { rank in sorted.partitioningIndex { $0 >= rank } }
        }
    }

    /// Whether all answers of lower ranks have their place.
    private func isDue(_ choice: Choice) -> Bool {
        guard case .answered(let position) = choice, let count = lowerRankCounts[position]
        else { return true }
        return placedRankCount >= count
    }

    private func operation(_ choice: Choice) -> Operation {
        switch choice {
        case .answered(let position): answered[position]
        case .open(let position): open[position]
        }
    }

    private var firstChoice: Choice? {
        guard let first = entries.first else { return nil }
        return .answered(first)  // The list begins with a begin.
    }

    /// What else may come next where `choice` was; `nil` if that was the last.
    private func choice(after choice: Choice) -> Choice? {
        switch choice {
        case .answered(let position):
            if let entry = entries.after(position), entries.kind(entry) == .begin {
                return .answered(entry)
            }
            return openChoice(from: 0)
        case .open(let position): return openChoice(from: position + 1)
        }
    }

    private func openChoice(from start: Int) -> Choice? {
        guard let limit = entries.firstToEnd.flatMap({ answered[$0].endedAt }) else { return nil }
        var position = start
        while position < open.count, open[position].beganAt <= limit {
            let hasTwin = twins[position].map { !placedOpen.contains($0) } ?? false  // Rule 2.
            if !hasTwin, !placedOpen.contains(position) { return .open(position) }
            position += 1
        }
        return nil
    }

    /// What may come next, and what has to by its rank although it began too late.
    private var stuck: [Operation] {
        let limit = entries.firstToEnd.flatMap { answered[$0].endedAt } ?? 0
        let overdue = answered.indices.first { position in
            answered[position].beganAt > limit && lowerRankCounts[position] == placedRankCount
                && !placedAnswered.contains(position)
        }
        return entries.candidates.map { answered[$0] } + (overdue.map { [answered[$0]] } ?? [])
            + open.indices.filter { !placedOpen.contains($0) && open[$0].beganAt <= limit }
            .map { open[$0] }
    }

    // MARK: - Placing

    /// Puts an operation next in the order, if it can be and that was not tried before.
    private mutating func place(_ choice: Choice) -> Bool {
        let operation = operation(choice)
        guard isDue(choice),
            let after = Model.apply(operation.input, to: state, giving: operation.output),
            makesUseOfWhatIsBefore(operation, after)
        else { return false }
        mark(choice)
        guard deadEnds.insert(answered: placedAnswered, open: placedOpen, state: after) else {
            unmark(choice)
            return false
        }
        path.append((choice, state, isForced: operation.endedAt != nil && after == state))
        state = after
        return true
    }

    /// Rule 1.
    private func makesUseOfWhatIsBefore(_ operation: Operation, _ after: Model.State) -> Bool {
        guard let (choice, before, _) = path.last, case .open = choice else { return true }
        return Model.apply(operation.input, to: before, giving: operation.output) != after
    }

    /// Notes how far the search has come before it goes back; while it goes on there is no need.
    private mutating func noteLongest() {
        guard path.count > longest.order.count else { return }
        longest = (path.map { operation($0.choice) }, state, stuck)
    }

    private mutating func takeBack() -> (choice: Choice, isForced: Bool)? {
        noteLongest()
        guard let (choice, before, isForced) = path.popLast() else { return nil }
        state = before
        unmark(choice)
        return (choice, isForced)
    }

    private mutating func mark(_ choice: Choice) {
        switch choice {
        case .answered(let position):
            placedAnswered.insert(position)
            if lowerRankCounts[position] != nil { placedRankCount += 1 }
            entries.lift(position)
        case .open(let position): placedOpen.insert(position)
        }
    }

    private mutating func unmark(_ choice: Choice) {
        switch choice {
        case .answered(let position):
            placedAnswered.remove(position)
            if lowerRankCounts[position] != nil { placedRankCount -= 1 }
            entries.unlift(position)
        case .open(let position): placedOpen.remove(position)
        }
    }
}
