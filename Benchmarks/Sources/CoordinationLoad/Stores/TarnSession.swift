// SPDX-License-Identifier: Apache-2.0
import NIOCore

/// Tarn's own HTTP API.
final class TarnSession: Session {
    private let connection: HTTP1Connection
    private let host: String

    init(_ connection: HTTP1Connection, to member: Member) {
        self.connection = connection
        host = "\(member.host):\(member.port)"
    }

    func close() { connection.close() }

    func perform(_ call: Call, _ done: @escaping (Outcome) -> Void) {
        switch call {
        case .put(let key):
            send("PUT", "/v1/mount?path=" + Keys.path(key), "If-Match: *\r\n", Keys.value, done)
        case .read(let key):
            send("GET", "/v1/mount?path=" + Keys.path(key), "", nil, done)
        case .readLocally(let key):
            send("GET", "/v1/mount?path=\(Keys.path(key))&consistency=local", "", nil, done)
        case .leader:
            send("GET", "/v1/cluster", "", nil) { outcome in
                guard case .answered(let cluster) = outcome else { return done(outcome) }
                done(.answered(ByteBuffer(string: Self.leader(in: cluster))))
            }
        case .transfer(let member):
            send(
                "POST",
                "/v1/cluster/transfer-leader",
                "",
                #"{"to":"\#(member.name)"}"#,
                done
            )
        case .begin:
            send("POST", "/v1/cluster/init", "", #"{"timeoutMs":30000}"#, done)
        }
    }

    func watch(begun: @escaping () -> Void, received: @escaping (ByteBuffer) -> Void) {
        let target = "/v1/watch?prefix=\(Keys.space)"
        connection.send(request("GET", target, "", nil)) { part in
            switch part {
            case .head: begun()
            case .body(let bytes): received(bytes)
            case .end, .lost: break
            }
        }
    }

    private func send(
        _ method: String,
        _ target: String,
        _ fields: String,
        _ body: String?,
        _ done: @escaping (Outcome) -> Void
    ) {
        var status = 0
        var answer = ByteBuffer()
        connection.send(request(method, target, fields, body)) { part in
            switch part {
            case .head(let code): status = code
            case .body(var bytes): answer.writeBuffer(&bytes)
            case .end where (200..<300).contains(status): done(.answered(answer))
            case .end: done(.refused("\(status) \(String(buffer: answer))"))
            case .lost: done(.lost)
            }
        }
    }

    private func request(
        _ method: String,
        _ target: String,
        _ fields: String,
        _ body: String?
    ) -> ByteBuffer {
        var text = "\(method) \(target) HTTP/1.1\r\nHost: \(host)\r\n\(fields)"
        if let body {
            text += "Content-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n"
        }
        text += "\r\n"
        if let body { text += body }
        return ByteBuffer(string: text)
    }

    /// The name behind `"leader":`, empty where nobody leads.
    private static func leader(in cluster: ByteBuffer) -> String {
        let text = String(buffer: cluster)
        guard let name = text.firstRange(of: #""leader":""#) else { return "" }
        return String(text[name.upperBound...].prefix { $0 != "\"" })
    }
}
