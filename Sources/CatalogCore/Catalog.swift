// SPDX-License-Identifier: Apache-2.0
/// Declared here until the state machine lands.
package struct Catalog: Sendable {
    package init() {}
}
