// SPDX-License-Identifier: Apache-2.0
import NIOPosix
import Primitives
import Synchronization

/// Where this worker's keys come from: a file, the environment, or both, the file's first.
///
/// The file is read again when it is asked for a key that is not there, before something is closed,
/// and as often as ``load()`` is called: keys come and go without a restart.
final class CredentialKeySource: Sendable {
    /// The variable that keys are taken from, as a keyring's text.
    static let variable = "TARN_CREDENTIAL_KEYS"

    private let file: String?
    private let fromEnvironment: Result<CredentialKeyring, CredentialKeyring.Refusal>?
    private let blocking: BlockingIO
    /// A file that hangs keeps one thread.
    private let turn = RequestBudget(limit: 1, waitingLimit: 256)
    private let state = Mutex(State())

    struct State: Sendable {
        var ring = CredentialKeyring()
        /// Why keys that should be there are not; names the place, never quotes it.
        var trouble: String?
        var readAt: ContinuousClock.Instant?
    }

    init(file: String?, variable: String?, blocking: BlockingIO) {
        self.file = file
        self.blocking = blocking
        fromEnvironment = variable.map { text in
            Result { () throws(CredentialKeyring.Refusal) in try CredentialKeyring(text: text) }
        }
    }

    /// What was read last.
    var current: State { state.withLock { $0 } }

    /// Reads the file again unless that was done within the last 100 ms: whoever lacks a key asks with
    /// every request.
    func loadForMissingKey() async {
        let readAt = current.readAt
        if let readAt, ContinuousClock.now - readAt < .milliseconds(100) { return }
        await load()
    }

    /// Reads the file again; while that fails, the keys that were read before stay, and open.
    @discardableResult
    func load() async -> State {
        let found: Result<CredentialKeyring, Trouble>
        do throws(Trouble) {
            found = .success(CredentialKeyring(try await keysInFile() + keysInEnvironment()))
        } catch {
            found = .failure(error)
        }
        return state.withLock { state in
            state.readAt = .now
            switch found {
            case .success(let ring): (state.ring, state.trouble) = (ring, nil)
            case .failure(let trouble): state.trouble = trouble.text
            }
            return state
        }
    }

    private struct Trouble: Error {
        let text: String
    }

    private func keysInFile() async throws(Trouble) -> [CredentialKey] {
        guard let file else { return [] }
        guard case .success(let bytes?) = await read(file) else {
            throw Trouble(text: "cannot read \(file)")
        }
        do throws(CredentialKeyring.Refusal) {
            return try CredentialKeyring(text: String(decoding: bytes, as: UTF8.self)).keys
        } catch {
            throw Trouble(text: "\(file): \(error)")
        }
    }

    private func keysInEnvironment() throws(Trouble) -> [CredentialKey] {
        switch fromEnvironment {
        case .success(let ring): return ring.keys
        case .failure(let refusal): throw Trouble(text: "\(Self.variable): \(refusal)")
        case nil: return []
        }
    }

    private func read(_ path: String) async -> Result<[UInt8]?, OriginError> {
        let (blocking, turn) = (blocking, turn)
        let deadline = Deadline(.seconds(5))
        return await Result.catching { () async throws(OriginError) in
            try await race(Patience(deadline)) {
                await Result.catching { () async throws(OriginError) in
                    try await turn.take()
                    return try await blocking.run(deadline, inTurnOf: turn) {
                        .success(SmallFile.read(path, limit: CredentialFile.sizeLimit))
                    }
                }
            }
        }
    }
}
