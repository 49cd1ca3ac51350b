import RelayCore

/// Asks the running rules, and others that are tried, what they make of events. Changes nothing.
final class RuleTrials: Sendable {
  /// Events that are read from the store at once.
  static let pageEvents = 200
  /// An answer takes no longer than this and one page more.
  static let longest = Duration.seconds(2)

  private let active: ActiveConfiguration
  private let asked: PatientStore
  private let source: any ReloadSource
  private let clock: any SteadyClock
  /// What the process was started with: some of it holds until it ends.
  private let initial: Configuration

  init(
    _ initial: Configuration, active: ActiveConfiguration, asked: PatientStore, source: any ReloadSource,
    clock: any SteadyClock
  ) {
    self.initial = initial
    self.active = active
    self.asked = asked
    self.source = source
    self.clock = clock
  }

  var running: RunningConfiguration {
    let state = active.current
    return RunningConfiguration(
      hash: state.configuration.hash, loadedAt: state.loadedAt, tree: state.configuration.tree)
  }

  // MARK: Another configuration

  func difference(to text: String?) async throws(OperationError) -> ConfigurationComparison {
    let running = active.configuration
    let new = try await configuration(text)
    let all = running.tree.differences(to: new.tree)
    return ConfigurationComparison(
      hash: new.configuration.hash, runningHash: running.hash,
      differences: all.filter { $0.kind != .unknown },
      notCompared: all.filter { $0.kind == .unknown }.map(\.path),
      needsRestart: Reloader.restartKeys(from: initial, to: new.configuration).filter { key in
        all.contains { $0.path == key && $0.kind != .unknown }
      },
      warnings: new.warnings)
  }

  /// - Parameter text: nil: the relay's own file.
  private func configuration(_ text: String?) async throws(OperationError) -> TriedConfiguration {
    guard let text else {
      let read = try await source.load()
      return TriedConfiguration(
        configuration: read.configuration, tree: read.configuration.tree, warnings: read.warnings)
    }
    let read = try await source.read(text)
    let configuration = read.configuration.withAuthorities(of: active.configuration)
    return TriedConfiguration(
      configuration: configuration, tree: configuration.tree.naming(read.references, areResolved: false),
      warnings: read.warnings, references: read.references)
  }

  /// The rules of a configuration, all of which are known.
  private func rules(_ text: String?) async throws(OperationError) -> TriedConfiguration {
    let tried = try await configuration(text)
    let unknown = tried.references.paths.filter { $0.hasPrefix("routes.") || $0.hasPrefix("routes[") }
    guard unknown.isEmpty else {
      throw OperationError(
        code: .invalidConfiguration, message: "what these routes say is not known",
        details: unknown.map {
          "\($0): holds a reference, which is not replaced in a configuration that is handed in; write the value out"
        })
    }
    return tried
  }

  // MARK: Explaining

  func explain(_ id: EventID, by text: String?) async throws(OperationError) -> ExplainReport? {
    let configuration = try await rulesToAsk(text).configuration
    let found = try await asked.look { lookup async throws(StoreError) in try await lookup.event(id) }
    guard let event = found else { return nil }
    var router = StoredEventRouter(RoutingTable(configuration.routes))
    guard let explanation = router.explain(event) else {
      throw OperationError(
        code: .conflict, message: "the body of \(id) is gone, so nothing can be said of where it goes")
    }
    return ExplainReport(
      hash: configuration.hash, routes: configuration.routes, source: event.source,
      events: [
        Explainer.ExplainedEvent(
          type: event.type, company: event.company, channel: event.channel, chat: event.chat,
          explanation: explanation)
      ], batches: configuration.batches, stored: event)
  }

  func explain(envelope: [UInt8], by text: String?) async throws(OperationError) -> ExplainReport {
    let tried = try await rulesToAsk(text)
    let readsTokens = !tried.references.paths.contains { $0.hasPrefix("sources.") && $0.contains(".token") }
    do throws(ExplainError) {
      let explained = try Explainer(
        tried.configuration, readsTokens: readsTokens, at: clock.reading().wall
      ).explain(envelope)
      return ExplainReport(explained, by: tried.configuration)
    } catch {
      throw OperationError(code: .conflict, message: "\(error)")
    }
  }

  /// - Parameter text: nil: those that run.
  private func rulesToAsk(_ text: String?) async throws(OperationError) -> TriedConfiguration {
    if let text { return try await rules(text) }
    let configuration = active.configuration
    return TriedConfiguration(configuration: configuration, tree: configuration.tree, warnings: [])
  }

  // MARK: Backtesting

  func backtest(_ request: BacktestRequest) async throws(OperationError) -> BacktestReport {
    let new = try await rules(request.configuration)
    var tally = BacktestTally(
      running: active.configuration, new: new.configuration, examples: request.examples)
    let end = clock.now().advanced(by: Self.longest)
    var pages = EventPageRequest(
      filter: request.filter, after: request.after, limit: Self.pageEvents, withBodies: true)
    var reached: Timestamp?
    repeat {
      pages.limit = min(Self.pageEvents, max(1, request.maxEvents - tally.report.counts.events))
      let asked = pages
      let page = try await self.asked.look { lookup async throws(StoreError) in
        try await lookup.events(asked)
      }
      for event in page.events { tally.add(event) }
      pages.after = page.next
      reached = page.reached ?? reached
    } while pages.after != nil && tally.report.counts.events < request.maxEvents && clock.now() < end
    var report = tally.report
    (report.next, report.reached, report.warnings) = (pages.after, reached, new.warnings)
    return report
  }
}

/// A configuration that is looked at, and not taken.
private struct TriedConfiguration {
  var configuration: Configuration
  /// In which what is not known says so.
  var tree: ConfigurationTree
  var warnings: [String]
  /// Those that were not replaced.
  var references = ValueReferences()
}

extension Configuration {
  /// The same, in which a file of authorities holds what it held for `other`: it was not opened.
  fileprivate func withAuthorities(of other: Configuration) -> Configuration {
    let known = Dictionary(other.destinations.map { ($0.name, $0.tls) }) { first, _ in first }
    var copy = self
    for index in copy.destinations.indices {
      let own = copy.destinations[index].tls
      guard let tls = known[copy.destinations[index].name] else { continue }
      if own.authorities == nil, own.authorityFile == tls.authorityFile {
        copy.destinations[index].tls.authorities = tls.authorities
      }
      if let client = own.client, client.certificate.isEmpty, let theirs = tls.client,
        client.certificateFile == theirs.certificateFile, client.keyFile == theirs.keyFile
      {
        copy.destinations[index].tls.client = theirs
      }
    }
    return copy
  }
}
