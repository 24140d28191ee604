// SPDX-License-Identifier: Apache-2.0
import APIModel
import Linearizability
import Primitives
import TestKit

/// Reads and replaces mounts as registers, at any worker, as a program of a user would: a read, then a
/// write on the condition that nothing has changed since.
///
/// A worker that refuses, or cannot be reached, is left for the next one.
struct RegisterClient {
    static let registerCount = 5
    /// Then another worker is tried: one that is cut off from the leader alone holds calls for up to 5 s,
    /// and what is measured is when nobody serves.
    private static let patience = Duration.milliseconds(1_500)

    let number: UInt64
    /// In front of every path: registers of another record are others.
    let prefix: String
    let workers: [WebClient]
    let record: RegisterRecord

    /// Runs `body` while clients write at every worker, and waits for what they have under way.
    static func writing(
        to workers: LabWorkers,
        into record: RegisterRecord,
        count: UInt64 = 8,
        seed: UInt64 = 1,
        during body: () async throws -> Void
    ) async throws {
        let prefix = "run-\(UInt32.random(in: 0...UInt32.max))"
        try await withThrowingDiscardingTaskGroup { group in
            for number in 1...count {
                let client = Self(
                    number: number,
                    prefix: prefix,
                    workers: workers.clients,
                    record: record
                )
                group.addTask { await client.run(seed: seed) }
            }
            defer { group.cancelAll() }
            try await body()
        }
    }

    /// Goes on until the task is cancelled; what is under way then is waited for.
    func run(seed: UInt64) async {
        var random = SplitMix64(seed: seed &+ number)
        var place = Int.random(in: 0..<workers.count, using: &random)
        var writeCount: UInt64 = 0
        while !Task.isCancelled {
            let path = "/\(prefix)/r\(Int.random(in: 0..<Self.registerCount, using: &random))"
            writeCount += 1
            // Unique in the history: a client's values never meet another's.
            let value = number * 10_000_000 + writeCount
            let isServed = await replace(path, by: value, at: workers[place])
            if !isServed || random.chance(percent: 10) {
                place = Int.random(in: 0..<workers.count, using: &random)
            }
            if !isServed { try? await Task.sleep(for: .milliseconds(10)) }
        }
    }

    /// Whether the worker answered both calls with something about the register.
    private func replace(_ path: String, by value: UInt64, at worker: WebClient) async -> Bool {
        let key = ByteString(path)
        let read = record.began(.get(key), by: number)
        let seen = await Self.seen(at: path, by: worker)
        record.ended(read, with: seen)
        guard let seen else { return false }
        let condition: VersionedMap.Condition
        if case .found(_, let revision, _) = seen {
            condition = .revision(revision)
        } else {
            condition = .absent
        }
        let write = record.began(.put(key, value, if: condition), by: number)
        switch await Self.write(value, to: path, if: condition, by: worker) {
        case .fact(let output):
            record.ended(write, with: output)
            return true
        case .notApplied:
            record.ended(write, with: nil)
            return false
        case .unknown: return false
        }
    }

    private static func seen(at path: String, by worker: WebClient) async -> VersionedMap.Output? {
        guard let answer = try? await worker.get("/v1/mount?path=\(path)", within: patience)
        else { return nil }
        let asOf = answer.headers["tarn-revision"].flatMap { UInt64($0) }
        switch answer.status {
        case 200:
            guard let mount = try? answer.document(MountDocument.self),
                let value = Timespan(mount.metadataTtl)?.milliseconds
            else { return nil }
            return .found(value, revision: mount.modRevision, asOf: asOf)
        case 404: return .absent(asOf: asOf)
        default: return nil
        }
    }

    /// How a write came out, as far as its client knows.
    private enum Outcome {
        case fact(VersionedMap.Output)
        case notApplied
        case unknown
    }

    private static func write(
        _ value: UInt64,
        to path: String,
        if condition: VersionedMap.Condition,
        by worker: WebClient
    ) async -> Outcome {
        var headers = ["Content-Type": "application/json"]
        if case .revision(let revision) = condition {
            headers["If-Match"] = "\(revision)"
        } else {
            headers["If-None-Match"] = "*"
        }
        let body = #"{"origin":"file:///tmp","metadataTtl":"\#(value)ms"}"#
        let answer: WebAnswer
        do throws(WebError) {
            answer = try await worker.call(
                "PUT",
                "/v1/mount?path=\(path)",
                headers,
                body: body,
                within: patience
            )
        } catch .noConnection {
            return .notApplied
        } catch {
            return .unknown
        }
        switch answer.status {
        case 200, 201:
            guard let mount = try? answer.document(MountDocument.self) else { return .unknown }
            return .fact(.written(mount.modRevision))
        case 412:
            // What is there instead is said; an entry that is gone has no revision.
            let current = (answer.json["modRevision"] as? Int).flatMap { UInt64(exactly: $0) }
            return current.map { .fact(.refused(current: $0)) } ?? .notApplied
        default:
            return answer.json["outcome"] as? String == "not-applied" ? .notApplied : .unknown
        }
    }
}
