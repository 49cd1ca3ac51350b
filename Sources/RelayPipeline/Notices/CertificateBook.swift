import RelayCore

/// When the certificates of destinations end, as far as was looked: each once a day. Pure.
struct CertificateBook: Sendable, Equatable {
  private struct Page: Sendable, Equatable {
    /// Whose it was.
    var url: Secret
    var looked: Timestamp
    /// By the wall clock; nil: nobody knows.
    var certificate: ProbeReport.Certificate?
  }

  /// Less than so long to go: somebody should know.
  static let soon = Duration.seconds(14 * 86_400)
  /// How often one is looked at; and one that ends soon, or could not be seen.
  static let interval = Duration.seconds(86_400)
  static let shortInterval = Duration.seconds(3_600)

  private var pages: [String: Page] = [:]

  /// Where no certificate is checked, none is looked at.
  private static func looks(at destination: Destination) -> Bool {
    destination.tls.verifies && destination.url.reveal.lowercased().hasPrefix("https:")
  }

  /// Those whose certificates are to be looked at now.
  func due(among destinations: [Destination], at now: ClockReading) -> [Destination] {
    destinations.filter { destination in
      guard Self.looks(at: destination) else { return false }
      guard let page = pages[destination.name], page.url == destination.url else { return true }
      let isWell = page.certificate.map { now.wall.duration(to: $0.end) >= Self.soon } ?? false
      return page.looked.duration(to: now.steady) >= (isWell ? Self.interval : Self.shortInterval)
    }
  }

  /// - Parameter certificate: nil: it could not be seen. What was known of it stands.
  mutating func looked(
    at destination: Destination, _ certificate: ProbeReport.Certificate?, now: ClockReading
  ) {
    let known = pages[destination.name].flatMap { $0.url == destination.url ? $0.certificate : nil }
    pages[destination.name] = Page(
      url: destination.url, looked: now.steady, certificate: certificate ?? known)
  }

  /// - Parameter destinations: All that are configured: what is known of others is forgotten.
  mutating func forget(besides destinations: [Destination]) {
    let names = Set(destinations.map(\.name))
    pages = pages.filter { names.contains($0.key) }
  }

  /// - Parameter destinations: All that are configured. One that nobody looks at has nothing that could end: were it unknown, what was
  ///   told of it would stand forever.
  func states(of destinations: [Destination], at now: ClockReading) -> [NoticeKey: NoticeState] {
    var states: [NoticeKey: NoticeState] = [:]
    for destination in destinations {
      let key = NoticeKey(kind: .certificate, subject: .destination(destination.name))
      guard Self.looks(at: destination) else {
        states[key] = .off
        continue
      }
      guard let page = pages[destination.name], page.url == destination.url, let found = page.certificate
      else {
        states[key] = .unknown
        continue
      }
      let left = now.wall.duration(to: found.end)
      let days = left.components.seconds / 86_400
      let end = NoticeText.clock(found.end)
      let when = left < .zero ? "ended on \(end)" : "ends on \(end), in \(days) days"
      states[key] = .when(left < Self.soon, "\(found.subject) \(when)")
    }
    return states
  }
}
