// SPDX-License-Identifier: Apache-2.0

package import APIModel
import Primitives

/// What makes a mount table what a file declares: one step a mount that is different.
///
/// Made from the table as it was read; each step is to be done under the revision that it was made from,
/// so that what somebody else changed meanwhile is never overwritten.
package struct MountPlan: Sendable {
    package enum Action: String, Codable, Sendable {
        case create, update, delete

        /// What stands before the path in a listing.
        package var sign: String {
            switch self {
            case .create: "+"
            case .update: "~"
            case .delete: "−"
            }
        }
    }

    package struct Step: Sendable {
        package let action: Action
        package let path: String
        /// What is to be stored; `nil` for a deletion.
        package let request: MountRequest?
        /// The revision that must be there still; 0 for none.
        package let revision: UInt64
        package let changes: [MountFields.Change]
    }

    /// By path, bytewise; deletions last, so that nothing is taken away before the rest is there.
    package let steps: [Step]
    /// Mounts that the file does not name and that stay, because pruning was not asked for.
    package let unlisted: [String]

    package enum Pruning: Sendable { case no, yes }

    package init(
        declared: [String: MountRequest],
        present: [MountDocument],
        pruning: Pruning
    ) {
        let presentByPath = Dictionary(present.map { ($0.path, $0) }) { first, _ in first }
        let writes = declared.compactMap { path, request in
            Self.write(request, at: path, over: presentByPath[path])
        }
        let surplus = present.filter { declared[$0.path] == nil }
        let deletions = surplus.map { mount in
            Step(
                action: .delete,
                path: mount.path,
                request: nil,
                revision: mount.modRevision,
                changes: []
            )
        }
        let isPruned = pruning == .yes
        steps = Self.ordered(writes) + (isPruned ? Self.ordered(deletions) : [])
        unlisted = isPruned ? [] : Self.ordered(deletions).map(\.path)
    }

    /// How many steps there are of each kind.
    package func count(of action: Action) -> Int { steps.count { $0.action == action } }

    // MARK: - Private

    private static func write(
        _ request: MountRequest,
        at path: String,
        over present: MountDocument?
    ) -> Step? {
        guard let present else {
            let fields = MountFields(request)?.shown ?? []
            return Step(
                action: .create,
                path: path,
                request: request,
                revision: 0,
                changes: fields.map { .init(field: $0.field, before: nil, after: $0.value) }
            )
        }
        let changes = present.changes(to: request)
        guard !changes.isEmpty else { return nil }
        return Step(
            action: .update,
            path: path,
            request: request,
            revision: present.modRevision,
            changes: changes
        )
    }

    private static func ordered(_ steps: [Step]) -> [Step] {
        steps.sorted { ByteString($0.path) < ByteString($1.path) }
    }
}

extension MountPlan {
    /// A path a line, its changed fields indented below it.
    package var text: String {
        steps.map { step in
            let head = "\(step.action.sign) \(TextTable.shown(step.path))\n"
            return head + step.changes.map { "    \(Self.text(of: $0, in: step))\n" }.joined()
        }.joined()
    }

    /// `2 to create, 1 to change, 0 to delete`.
    package var summary: String {
        "\(count(of: .create)) to create, \(count(of: .update)) to change, "
            + "\(count(of: .delete)) to delete"
    }

    private static func text(of change: MountFields.Change, in step: Step) -> String {
        guard step.action == .create else { return change.text }
        return "\(TextTable.shown(change.field)): \(TextTable.shown(change.after ?? ""))"
    }
}
