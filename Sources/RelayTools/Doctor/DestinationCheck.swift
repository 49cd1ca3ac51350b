import RelayCore
import RelayText

/// Whether a destination could be reached: its name, a connection, and its certificates. Nothing is sent to it.
package struct DestinationCheck: Sendable {
  private let destination: Destination
  private let prober: any DestinationProber
  private let now: Timestamp

  /// What every answer is to come within.
  private static let limit = Duration.seconds(10)
  private static let slowLookup = Duration.seconds(1)
  /// Most authorities' certificates are renewed a month before their end.
  private static let daysOfWarning: Int64 = 21

  /// - Parameter now: The wall clock's time.
  package init(_ destination: Destination, prober: any DestinationProber, now: Timestamp) {
    self.destination = destination
    self.prober = prober
    self.now = now
  }

  private var subject: String { "destination \(destination.name)" }

  package var check: Examination.Check {
    Examination.Check(subject) {
      findings(prober.connect(to: destination, within: Self.limit)) + tokenServerFindings
    }
  }

  /// Whether who gives it access tokens could be reached. None is asked for.
  private var tokenServerFindings: [Finding] {
    guard case .oauth2(let client) = destination.authorization else { return [] }
    var server = Destination(name: destination.name, url: client.tokenURL)
    (server.tls.authorityFile, server.tls.authorities) = (
      destination.tls.authorityFile, destination.tls.authorities
    )
    return tokenServerFindings(prober.connect(to: server, within: Self.limit))
  }

  func tokenServerFindings(_ report: ProbeReport) -> [Finding] {
    if let failure = report.failure {
      return [.fail(subject, "token server: \(failure.description)", advice(failure.kind))]
    }
    let reached = Finding.ok(subject, "token server: \(reached(report))")
    return [reached] + (report.certificate.map { [finding(of: $0, "token server's certificate")] } ?? [])
  }

  func findings(_ report: ProbeReport) -> [Finding] {
    let proxy = destination.network.proxy(for: destination.url).map { [proxyFinding($0)] } ?? []
    return proxy + ownFindings(report)
  }

  private func proxyFinding(_ proxy: ProxyAddress) -> Finding {
    .ok(
      subject,
      "through the proxy \(proxy.shown): of where that leads, egress can only see the name or address in url")
  }

  private func ownFindings(_ report: ProbeReport) -> [Finding] {
    if let failure = report.failure {
      return [.fail(subject, failure.description, advice(failure.kind))]
    }
    var findings: [Finding] = []
    if let lookup = report.times.nameLookup, lookup > Self.slowLookup {
      findings.append(
        .warn(
          subject, "the name server took \(Self.text(lookup))",
          "look at the servers in /etc/resolv.conf: each is asked in its turn"))
    }
    if let certificate = report.certificate { findings.append(finding(of: certificate, "certificate")) }
    if let certificate = report.clientCertificate {
      findings.append(finding(of: certificate, "client certificate"))
    }
    if !destination.tls.verifies {
      findings.append(
        .warn(
          subject, "tls.verify is false: whoever answers is believed",
          "name the authority in tls.ca, and take verify: false out"))
    }
    findings.insert(.ok(subject, reached(report)), at: 0)
    return findings
  }

  private func reached(_ report: ProbeReport) -> String {
    let times = [
      ("name", report.times.nameLookup), ("connection", report.times.connected),
      ("TLS", report.times.tlsDone),
    ].compactMap { name, time in time.map { "\(name) \(Self.text($0))" } }
    return "\(report.peer ?? "reached"): \(times.joined(separator: ", "))"
  }

  private func finding(of certificate: ProbeReport.Certificate, _ what: String) -> Finding {
    let days = Int(now.duration(to: certificate.end).components.seconds / 86_400)
    let text = "\(certificate.subject) ends in \(days.counted("day", "days")), on \(certificate.end)"
    guard days < Self.daysOfWarning else { return .ok(subject, "\(what): \(text)") }
    return .warn(subject, "\(what): \(text)", "renew it: after that every delivery fails, and is kept")
  }

  private func advice(_ kind: TransportFailure.Kind) -> String {
    switch kind {
    case .nameResolution: "is the name right? `getent hosts NAME` asks the same name servers"
    case .connectionRefused: "nothing listens there: start the service, or mend url"
    case .connectTimeout, .timeout: "a firewall may drop it, or the host be down"
    case .connection: "see that the network leads there"
    case .tls:
      "`openssl s_client -connect HOST:PORT` shows what it sends; tls.ca names an authority of your own"
    case .egress: "set url to the service's own address, or name this one in egress.allow"
    case .token: "look at auth.oauth2, and at the token server's log"
    case .reset, .other: "what listens there does not speak as its URL says"
    }
  }

  private static func text(_ time: Duration) -> String {
    let microseconds = time.microseconds
    return "\(microseconds / 1_000).\(microseconds % 1_000 / 100) ms"
  }
}
