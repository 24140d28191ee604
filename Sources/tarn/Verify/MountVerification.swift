// SPDX-License-Identifier: Apache-2.0

import APIModel
import ClientRuntime
import Primitives

/// Whether a mount shows the same in every region: asks each, compares, and says what was compared.
struct MountVerification: Sendable {
    enum Verdict: String, Encodable, Sendable {
        case identical = "IDENTICAL"
        case different = "DIFFERENT"
        /// What could be compared is the same, but not every region could be looked at.
        case incomplete = "INCOMPLETE"
    }

    private(set) var regions: [RegionFindings]
    private(set) var comparison: OriginComparison
    private let surveys: [String: RegionSurvey]

    var verdict: Verdict {
        if !comparison.differences.isEmpty { return .different }
        return regions.contains { $0.problem != nil } ? .incomplete : .identical
    }

    /// Names and sizes in all regions at a time, then checksums and content of the sample.
    init(
        of mount: MountDocument,
        inhabited: [String],
        _ client: ClusterClient
    ) async {
        surveys = Dictionary(
            inhabited.map { ($0, RegionSurvey(client: client, mount: mount, region: $0)) }
        ) { first, _ in first }
        let asked = surveys
        var found = await withTaskGroup(of: RegionFindings.self) { group in
            for survey in asked.values { group.addTask { await survey.names() } }
            return await group.reduce(into: []) { $0.append($1) }
        }
        for region in mount.regions.keys where surveys[region] == nil {
            var findings = RegionFindings(region: region)
            findings.origin = mount.regions[region]?.origin ?? mount.origin
            findings.hasNoWorker = true
            found.append(findings)
        }
        regions = found.sorted { $0.region < $1.region }
        comparison = OriginComparison(regions.filter(\.isCompared))
        guard regions.count(where: \.isCompared) > 1 else { return }
        let undecided = await compareChecksums(of: comparison.candidates.map(\.name))
        await compareContent(of: undecided)
    }

    // MARK: - Steps

    /// - Returns: The names that stores' own checksums do not decide about.
    private mutating func compareChecksums(of names: [ByteString]) async -> [ByteString] {
        let compared = regions.filter(\.isCompared)
        // A directory keeps none, so there is no kind that all give.
        guard compared.allSatisfy({ $0.origin?.hasPrefix("s3://") == true }) else { return names }
        let found = await objects(.checksums, names)
        guard regions.count(where: \.isCompared) == compared.count else { return [] }
        let problems = names.indices.map { position in
            found.compactMapValues { $0[position].problem }
        }
        for (name, problem) in zip(names, problems) where !problem.isEmpty {
            comparison.note(unreadable: name, problem)
        }
        let readable = names.indices.filter { problems[$0].isEmpty }
        return comparison.compare(
            checksums: found.mapValues { objects in readable.map { objects[$0].checksums } },
            of: readable.map { names[$0] }
        )
    }

    private mutating func compareContent(of undecided: [ByteString]) async {
        let names = Array(undecided.prefix(OriginComparison.contentLimit))
        let count = regions.count(where: \.isCompared)
        let found = await objects(.content, names)
        guard regions.count(where: \.isCompared) == count else { return }
        for (position, name) in names.enumerated() {
            let here = found.mapValues { $0[position] }
            let problems = here.compactMapValues(\.problem)
            if problems.isEmpty {
                let sums = here.mapValues { "\($0.checksums["crc32c"] ?? "") of \($0.size ?? 0)" }
                comparison.compare(content: sums, of: name)
            } else {
                comparison.note(unreadable: name, problems)
            }
        }
    }

    /// What every region says about objects; one that fails is compared no more.
    private mutating func objects(
        _ step: SurveyRequest.Step,
        _ names: [ByteString]
    ) async -> [String: [SurveyObjectDocument]] {
        let asked = regions.filter(\.isCompared).compactMap { surveys[$0.region] }
        let answers = await withTaskGroup(of: RegionSurvey.Answer.self) { group in
            for survey in asked { group.addTask { await survey.answer(step, names) } }
            return await group.reduce(into: [String: RegionSurvey.Answer]()) { $0[$1.region] = $1 }
        }
        for index in regions.indices {
            if let problem = answers[regions[index].region]?.problem {
                regions[index].problem = problem
            }
        }
        return answers.compactMapValues(\.objects)
    }
}
