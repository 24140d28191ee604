// SPDX-License-Identifier: Apache-2.0
import Testing

/// Whole clusters in this process, over real sockets and files; one after the other, because each
/// measures time against a machine that others use too.
@Suite(.serialized, .timeLimit(.minutes(2)))
struct ClusterTests {}
