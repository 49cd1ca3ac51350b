import RelayCore
import RelaySystem
import RelayThreads

/// Makes the signed links of a running relay, and checks them: it has the key, once something needs one. For any thread.
package final class AttachmentLinker: Sendable {
  private let file: AttachmentKeyFile
  /// nil: nothing needed one yet.
  private let signer = Locked<AttachmentSigner?>(nil)

  package init(file: AttachmentKeyFile) {
    self.file = file
  }

  /// Reads the key, or makes it, where these settings need one. Blocks.
  package func prepare(for settings: ServerSettings) throws(AttachmentKeyError) {
    guard settings.attachments != nil || settings.attachmentsURL != nil, signer.withLock({ $0 }) == nil
    else { return }
    var randomness = SystemRandomness()
    let made = AttachmentSigner(key: try file.load(&randomness))
    signer.withLock { $0 = made }
  }

  /// The same, for those who must not block.
  package func prepareOnThread(for settings: ServerSettings) async throws(AttachmentKeyError) {
    try await onThread(named: "key") {
      Result { () throws(AttachmentKeyError) in try self.prepare(for: settings) }
    }.get()
  }

  /// nil: nothing is rewritten.
  package func rewriter(for configuration: Configuration) -> AttachmentRewriter? {
    signer.withLock { $0 }.flatMap { AttachmentRewriter(configuration, signer: $0) }
  }

  /// - Parameter now: The wall clock's time.
  package func check(_ target: String, at now: Timestamp) -> AttachmentLinkCheck {
    signer.withLock { $0 }?.check(target, at: now) ?? .noLink
  }
}
