// SPDX-License-Identifier: Apache-2.0
import TestKit

/// `Cluster/lab status -o json`.
struct LabStatus: Decodable {
    struct Worker: Decodable {
        var name: String
        var region: String
        var zone: String
        var process: String
        var pid: Int32?
        var address: String
        var http: String
    }

    /// What passed from one region to another.
    struct Path: Decodable {
        var passed: Int
        var lost: Int
        var cut: Int
    }

    struct Switch: Decodable {
        var paths: [String: Path]
        var cuts: [[String]]
    }

    var number: Int
    var workers: [Worker]
    var `switch`: Switch?

    func worker(_ name: String) throws -> Worker {
        guard let found = workers.first(where: { $0.name == name }) else {
            throw TestKitError.missing("worker \(name)")
        }
        return found
    }
}

/// One line of `Cluster/lab ping -o json`.
struct LabPing: Decodable {
    var from: String
    var to: String
    var milliseconds: [Double?]
}
