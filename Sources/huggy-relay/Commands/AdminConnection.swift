import ArgumentParser
import RelayAdmin
import RelayCore
import RelayCurl

/// Whom a command believes of an admin API that speaks TLS, and what it shows of itself.
struct AdminTLSOptions: ParsableArguments {
  @Option(
    name: .long,
    help: ArgumentHelp(
      "Over https: the authorities that its certificate is checked with, instead of the system's. Default: $HUGGY_RELAY_ADMIN_CA.",
      valueName: "file"), completion: .file())
  var adminCa: String?

  @Option(
    name: .long,
    help: ArgumentHelp(
      "Over https: a certificate of one's own, where server.admin_tls.client_ca asks for one. Default: $HUGGY_RELAY_ADMIN_CERTIFICATE.",
      valueName: "file"), completion: .file())
  var adminCertificate: String?

  @Option(
    name: .long,
    help: ArgumentHelp(
      "Its key. Default: $HUGGY_RELAY_ADMIN_KEY, else it stands in the certificate's file.", valueName: "file"
    ),
    completion: .file())
  var adminKey: String?

  /// - Parameter believed: Instead of the system's authorities, where none are named.
  func tls(else believed: ClientTLS.Believed = .system) -> ClientTLS {
    Self.tls(authorities: adminCa, certificate: adminCertificate, key: adminKey, else: believed)
  }

  /// What the environment says, where nothing else does.
  static func tls(
    authorities: String? = nil, certificate: String? = nil, key: String? = nil,
    else believed: ClientTLS.Believed = .system
  ) -> ClientTLS {
    let authorities = authorities ?? AdminOptions.environment("HUGGY_RELAY_ADMIN_CA")
    return ClientTLS(
      authorities.map { .authorities(file: $0, option: "--admin-ca") } ?? believed,
      certificate: certificate ?? AdminOptions.environment("HUGGY_RELAY_ADMIN_CERTIFICATE"),
      key: key ?? AdminOptions.environment("HUGGY_RELAY_ADMIN_KEY"))
  }

  func validate() throws {
    let tls = tls()
    guard tls.key == nil || tls.certificate != nil else {
      throw ValidationError(
        "--admin-key (or HUGGY_RELAY_ADMIN_KEY) is the key of a certificate: give that with --admin-certificate"
      )
    }
  }
}

/// Where a relay's admin API is, and how it is spoken to.
struct AdminConnection {
  /// Without a slash at its end.
  var url: String
  var token: String?
  var tls: ClientTLS

  var authorization: [String] { token.map { ["authorization: Bearer \($0)"] } ?? [] }

  func makeHTTP(maxAnswerBytes: Int = 16 << 20) -> BlockingClient {
    BlockingClient(maxAnswerBytes: maxAnswerBytes, tls: tls)
  }

  /// Why it can't be reached, and what to do.
  func unreachable(_ failure: TransportFailure) -> String {
    "\(url): can't reach the relay's admin API (\(failure)); \(hint(failure))"
  }

  /// What to do.
  func hint(_ failure: TransportFailure) -> String {
    UnreachableHint.text(failure, url: url, showsCertificate: tls.certificate != nil)
  }
}
