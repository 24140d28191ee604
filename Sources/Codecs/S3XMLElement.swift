// SPDX-License-Identifier: Apache-2.0

/// An element of a small document, read whole.
///
/// As deep as ``S3XMLReader`` allows and no larger than the document, which the caller has bounded.
package struct S3XMLElement: Sendable, Equatable {
    package let name: String
    package private(set) var children: [S3XMLElement] = []
    /// All text directly inside, joined.
    package private(set) var content: [UInt8] = []

    private init(name: String) { self.name = name }

    /// The root of `document`.
    package init(document: [UInt8]) throws(S3XMLError) {
        var reader = S3XMLReader(document)
        var open: [S3XMLElement] = []
        var root: S3XMLElement?
        while true {
            switch try reader.next() {
            case .start(let name):
                open.append(S3XMLElement(name: name))
            case .text(let bytes):
                if !open.isEmpty { open[open.count - 1].content += bytes }
            case .end:
                guard let element = open.popLast() else { throw .malformed(atByte: 0) }
                if open.isEmpty {
                    root = element
                } else {
                    open[open.count - 1].children.append(element)
                }
            case .endOfDocument:
                guard let root else { throw .malformed(atByte: 0) }
                self = root
                return
            }
        }
    }

    /// What the first child of this name holds.
    package func child(_ name: String) -> [UInt8]? {
        children.first { $0.name == name }?.content
    }

    /// The same as text, `nil` where it is not UTF-8.
    package func text(_ name: String) -> String? {
        child(name).flatMap { String(validating: $0, as: UTF8.self) }
    }
}
