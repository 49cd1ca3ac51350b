import RelayCore
import RelayPipeline
import RelayText

extension SinkRequest {
  /// How far a request's `webhook-timestamp` may be from now, either way, in seconds.
  static let signatureToleranceSeconds: UInt64 = 300

  /// What the request's signature is worth to the holder of the secret.
  func checkedSignature(with secret: SigningSecret?, at now: Timestamp) -> Signature {
    guard let secret else { return .notChecked }
    let signatures = allHeaders.filter { $0.name.asciiLowercased == "webhook-signature" }.map(\.value)
    guard !signatures.isEmpty else { return .absent }
    guard let id = webhookID, let seconds = header("webhook-timestamp").flatMap({ Int64($0) }),
      (now.seconds &- seconds).magnitude <= Self.signatureToleranceSeconds
    else { return .bad }
    let isVerified = WebhookSignature.verifies(
      header: signatures.joined(separator: " "), id: id, timestamp: seconds, body: body, secret: secret)
    return isVerified ? .ok : .bad
  }
}
