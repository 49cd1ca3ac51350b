import CTrust
import RelayCore

extension ClientCertificate {
  /// What OpenSSL, which libcurl speaks TLS with, has to say of it. Reads no file.
  @Sendable package static func inspect(_ client: ClientCertificate) -> Inspection? {
    var subject = [CChar](repeating: 0, count: 256)
    var end: Int64 = 0
    let key = Array(client.key.reveal.utf8)
    guard !client.certificate.isEmpty, !key.isEmpty else { return nil }
    let verdict = client.certificate.withUnsafeBytes { certificate in
      key.withUnsafeBytes { key in
        ctrust_check_pair(
          certificate.baseAddress!, certificate.count, key.baseAddress!, key.count, &subject, &end)
      }
    }
    switch Int(verdict) {
    case CTRUST_PAIR_FITS:
      let name = String(decoding: subject.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
      return .usable(subject: name, end: Timestamp(microseconds: end * 1_000_000))
    case CTRUST_PAIR_BAD_KEY: return .unusable(.key, "holds no private key that can be read; it must be PEM")
    case CTRUST_PAIR_ENCRYPTED_KEY:
      return .unusable(
        .key,
        "holds a key that needs a passphrase, and nobody is there to type one; write it without: "
          + "openssl pkey -in FILE -out NEW, readable by the relay's user alone")
    case CTRUST_PAIR_OTHER_KEY:
      return .unusable(.key, "is not the key of the first certificate in \(client.certificateFile)")
    default: return .unusable(.certificate, "holds a certificate that can't be read")
    }
  }

  /// For who looks when something ends; nil: it can't be read.
  var soonestEnd: ProbeReport.Certificate? {
    guard case .usable(let subject, let end) = Self.inspect(self) else { return nil }
    return ProbeReport.Certificate(subject: subject, end: end, chainLength: 1)
  }
}
