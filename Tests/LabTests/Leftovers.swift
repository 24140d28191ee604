// SPDX-License-Identifier: Apache-2.0
import Foundation

/// What is left of a lab on this machine, looked for without the lab's own code.
enum Leftovers {
    /// Its directory, processes that name it, and links of its number.
    static func of(_ lab: Lab, number: Int? = nil) -> [String] {
        var found = processes(of: lab).map { "process \($0)" }
        if FileManager.default.fileExists(atPath: lab.state) { found.append(lab.state) }
        if let number { found += links(of: number) }
        return found
    }

    /// Processes that bear the lab's mark, or use files in its directory.
    static func processes(of lab: Lab) -> [Int32] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return names.compactMap { Int32($0) }.filter { pid in
            Lab.text("/proc/\(pid)/environ").contains(":\(lab.state)\0")
                || Lab.text("/proc/\(pid)/cmdline").contains("\(lab.state)/")
        }
    }

    static func links(of number: Int) -> [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/sys/class/net")) ?? []
        return names.filter { $0.hasPrefix("tarnlab\(number).") }
    }
}
