import RelayCore
import RelayJSON

/// What the configuration says to the ingest: replaced as a whole by a reload.
final class IngestRules: Sendable {
  /// A source, as it is found by the path of a request. An object, since each request asks for it and keeps it.
  final class Entrance: Sendable {
    let source: Source
    let metrics: SourceMetrics
    /// What is known of its token, where that is learned; nil: the configuration says it.
    let lesson: SourceLesson?
    /// nil: everybody may come in, as often as they like.
    let gate: SourceGate?

    init(source: Source, metrics: SourceMetrics, lesson: SourceLesson?, gate: SourceGate?) {
      self.source = source
      self.metrics = metrics
      self.lesson = lesson
      self.gate = gate
    }
  }

  static let maxEvents = 10_000
  static let maxDeliveries = 100_000

  let table: RoutingTable
  /// By the routes' indexes in the table.
  let routeMetrics: [RouteMetrics]
  let scanner: EnvelopeScanner
  let keep: StoreSettings.Keep
  /// What refused requests may hold, and nobody is to see.
  let mask: SecretMask
  /// Stored with what it routed.
  let configurationHash: String
  private let entrances: [String: Entrance]

  /// - Parameters:
  ///   - lessons: nil: for who only looks at the rules; nobody is believed by a source that learns its token.
  ///   - earlier: Those that held until now: how much of its rate a source has used stays.
  init(
    _ configuration: Configuration, metrics: RelayMetrics, lessons: TokenLessons? = nil,
    after earlier: IngestRules? = nil
  ) {
    entrances = Dictionary(
      uniqueKeysWithValues: configuration.sources.map {
        let lesson = $0.learnsToken ? lessons?.lesson(of: $0.name) : nil
        let gate = SourceGate($0, after: earlier?.entrance(named: $0.name)?.gate?.kept)
        return ($0.path, Entrance(source: $0, metrics: metrics.source($0.name), lesson: lesson, gate: gate))
      })
    table = RoutingTable(configuration.routes)
    routeMetrics = configuration.routes.map { metrics.route($0.name) }
    configurationHash = configuration.hash
    scanner = EnvelopeScanner(fields: table.fields, maxEvents: Self.maxEvents)
    keep = configuration.store.keep
    mask = SecretMask(configuration.toldSecrets)
  }

  /// - Parameter path: As `SourcePath` spells it.
  func entrance(at path: String) -> Entrance? { entrances[path] }

  func entrance(named source: String) -> Entrance? { entrances.values.first { $0.source.name == source } }
}
