// SPDX-License-Identifier: Apache-2.0
package import ClientRuntime
package import Coordination
package import Logging
package import Origins
package import Telemetry

/// Everything the routes ask of the rest of the worker.
package struct HTTPDependencies: Sendable {
    package let coordination: any CoordinationService
    package let files: any FileSystemClient
    package let locator: any PageLocator & LocalityRanking
    package let probe: any OriginProbe
    package let vault: CredentialVault
    package let survey: SurveyDependencies
    package let metrics: MetricRegistry
    package let logger: Logger
    /// Name of this worker's region: the default of every `region` parameter.
    package let region: String
    /// Release of this build: `info.version` of the OpenAPI document.
    package let version: String

    package init(
        coordination: any CoordinationService,
        files: any FileSystemClient,
        locator: any PageLocator & LocalityRanking,
        probe: any OriginProbe,
        vault: CredentialVault,
        survey: SurveyDependencies,
        metrics: MetricRegistry,
        logger: Logger,
        region: String,
        version: String
    ) {
        self.coordination = coordination
        self.files = files
        self.locator = locator
        self.probe = probe
        self.vault = vault
        self.survey = survey
        self.metrics = metrics
        self.logger = logger
        self.region = region
        self.version = version
    }
}
