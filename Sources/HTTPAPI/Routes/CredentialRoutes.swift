// SPDX-License-Identifier: Apache-2.0
import APIModel
import CatalogCore
import Coordination
import NIOHTTP1
import Origins
import Primitives

/// `/v1/credentials` and reading `/v1/credential`: what the cluster keeps to sign with, without values.
enum CredentialRoutes {
    static let routes = [
        Route(
            "/v1/credentials",
            [
                Operation(
                    .GET,
                    "listCredentials",
                    "Credentials that the cluster keeps, by name, without their values.",
                    parameters: Shared.list + [Shared.consistency, Shared.minimum],
                    answers: [.json("credentials", "A page of credentials.")],
                    handler: list
                )
            ]
        ),
        Route("/v1/credentials/rotate", [CredentialRotation.operation]),
        Route(
            "/v1/credential",
            [
                Operation(
                    .GET,
                    "credential",
                    "One credential without its value; ETag is its revision.",
                    parameters: [name, Shared.consistency, Shared.minimum],
                    answers: [.json("credential", "The credential.")],
                    handler: show
                ),
                CredentialWrites.put, CredentialWrites.delete,
            ]
        ),
    ]

    static let name = Operation.Parameter.query("name", "Its name.", required: .mandatory)

    /// The parameter `name`: what the catalog would refuse is refused before it is asked.
    static func name(_ call: Call) throws(Problem) -> String {
        let given = try call.query.required("name")
        guard let name = given.validText, NameSyntax.isValid(name) else {
            throw Problem(
                .badValue,
                "credential '\(given.text.prefix(200))': allowed are \(NameSyntax.rule)"
            )
        }
        return name
    }

    @Sendable private static func list(_ call: Call) async throws(Problem) -> APIResponse {
        let limit = try call.pageLimit()
        let after = call.query.bytes("after")
        let view = try await call.catalogView()
        let behind = view.catalog.credentials.drop { entry in
            after.map { ByteString(entry.name) <= $0 } ?? false
        }
        let users = Users(of: view.catalog)
        let page = behind.prefix(limit).map { entry in
            CredentialDocument(entry, users, in: view.catalog, call.dependencies.vault)
        }
        let next = behind.count > limit ? page.last?.name : nil
        return APIResponse.json(Page(items: page, next: next))
            .describing(view, region: call.dependencies.region)
    }

    @Sendable private static func show(_ call: Call) async throws(Problem) -> APIResponse {
        let name = try name(call)
        let view = try await call.catalogView()
        guard let entry = view.catalog.credential(named: name) else {
            throw Problem(CatalogRefusal.noSuchCredential, ofCredential: name)
        }
        let document = CredentialDocument(
            entry,
            Users(of: view.catalog),
            in: view.catalog,
            call.dependencies.vault
        )
        return APIResponse.json(document)
            .with("ETag", "\"\(entry.modRevision)\"")
            .describing(view, region: call.dependencies.region)
    }
}

extension CredentialRoutes {
    /// Which mounts name which credential, found in one pass over the table.
    fileprivate struct Users {
        private(set) var paths: [String: [ByteString]] = [:]

        init(of catalog: Catalog) {
            for entry in catalog.mounts() {
                for name in Set(entry.mount.credentialNames) {
                    paths[name, default: []].append(entry.path)
                }
            }
        }
    }
}

extension CredentialDocument {
    /// Paths of mounts that an answer names.
    private static let namedMounts = 100

    /// The entry with who uses it, and whether the asked worker can.
    fileprivate init(
        _ entry: CredentialEntry,
        _ users: CredentialRoutes.Users,
        in catalog: Catalog,
        _ vault: CredentialVault
    ) {
        self.init(entry)
        let paths = users.paths[entry.name] ?? []
        mounts = paths.prefix(Self.namedMounts).map(\.text)
        mountCount = paths.count
        obstacle = vault.obstacle(to: entry, in: catalog).map { obstacle in
            "credential \(entry.name) \(obstacle.reason)"
        }
    }
}
