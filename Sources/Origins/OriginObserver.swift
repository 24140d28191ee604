// SPDX-License-Identifier: Apache-2.0

/// Is called once for every request that really went to an origin, on no particular thread.
///
/// Must be quick: it runs inside the request's task.
package typealias OriginObserver = @Sendable (OriginRequestRecord) -> Void

/// Told about every request that really went to an origin, retries included.
///
/// The runtime turns it into `tarn_origin_requests_total{mount,method,status}`.
package struct OriginRequestRecord: Sendable, Equatable {
    /// The operation, not the HTTP verb.
    package enum Method: String, Sendable { case get, head, list, put, delete, multipart }

    package let method: Method
    /// HTTP status; for files 200, 404, 403, 412, 500; 0 when no answer came.
    package let status: Int
    /// Body bytes received.
    package let byteCount: Int

    package init(method: Method, status: Int, byteCount: Int) {
        self.method = method
        self.status = status
        self.byteCount = byteCount
    }
}
