/// A message between voters.
package struct RaftMessage: Sendable, Equatable {
    package init() {}
}
