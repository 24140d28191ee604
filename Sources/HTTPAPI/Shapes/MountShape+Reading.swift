// SPDX-License-Identifier: Apache-2.0
package import APIModel
package import CatalogCore
import Primitives

extension Mount {
    /// The mount that the body of a PUT describes; absent members take their defaults.
    ///
    /// - Throws: `bad-value`, naming the member. What only the catalog can judge (schemes, options,
    ///   bounds) is left to it.
    package init(_ request: MountRequest) throws(Problem) {
        self.init(
            origin: request.origin,
            options: Self.options(request.options ?? [:]),
            credential: request.credential,
            regions: (request.regions ?? [:]).map { region, override in
                NamedOverride(
                    region: region,
                    override: RegionOverride(
                        origin: override.origin,
                        options: override.options.map(Self.options),
                        credential: override.credential
                    )
                )
            },
            write: try Self.write(request.write),
            replicas: try Self.replicas(request.replicas),
            metadataTTL: try Self.metadataTTL(request.metadataTtl),
            onStale: try Self.onStale(request.onStale)
        )
    }

    private static func options(_ options: [String: String]) -> [MountOption] {
        options.map { MountOption(key: $0.key, value: $0.value) }.sorted { $0.key < $1.key }
    }

    private static func write(_ word: String?) throws(Problem) -> WritePolicy {
        guard let word else { return .none }
        guard let policy = WritePolicy(word) else {
            let words = ["none", "through", "back"]
            throw Problem(
                .badValue,
                "write: '\(word.prefix(40))'; \(suggestion(for: word, among: words))"
            )
        }
        return policy
    }

    private static func replicas(_ count: Int?) throws(Problem) -> UInt8 {
        guard let count else { return 1 }
        guard let replicas = UInt8(exactly: count), CatalogLimits.replicas.contains(replicas)
        else { throw Problem(.badValue, "replicas: \(count) is not in \(CatalogLimits.replicas)") }
        return replicas
    }

    private static func metadataTTL(_ text: String?) throws(Problem) -> MetadataTTL {
        guard let text else { return .expires(.seconds(60)) }
        guard let value = MetadataTTL(text) else {
            throw Problem(
                .badValue,
                "metadataTtl: '\(text.prefix(40))' is neither 'immutable' nor a time such as 60s"
            )
        }
        return value
    }

    private static func onStale(_ text: String?) throws(Problem) -> StalePolicy {
        guard let text else { return .serve }
        guard let policy = StalePolicy(text) else {
            throw Problem(
                .badValue,
                "onStale: '\(text.prefix(40))' is neither 'serve' nor 'fail:' and a time, fail:30s"
            )
        }
        return policy
    }
}
