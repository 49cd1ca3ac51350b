import Logging
import RelayCore

/// Another configuration, while everything runs.
final class Reloader: Sendable {
  /// What meets the new configuration.
  struct Parts: Sendable {
    let active: ActiveConfiguration
    let asked: PatientStore
    let holds: DestinationHolds
    let reordering: Reordering
    let engine: DeliveryEngine
    let receiver: Receiver
    let metrics: RelayMetrics
    let silence: SilenceWatch
    let linker: AttachmentLinker?
    let attachments: (any AttachmentKeeping)?
    let clock: any SteadyClock
    let logger: Logger
  }

  private let parts: Parts
  private let source: any ReloadSource
  /// What the process was started with: some of it holds until it ends.
  private let initial: Configuration
  private let turnstile = Turnstile()

  init(_ initial: Configuration, parts: Parts, source: any ReloadSource) {
    self.initial = initial
    self.parts = parts
    self.source = source
  }

  /// Reads the file, and if it is right takes its place: names and limits into the store, then the ingest's rules,
  /// then the lanes. A wrong one changes nothing.
  func reload(because cause: ReloadCause) async throws(OperationError) -> ReloadReport {
    try parts.asked.refuseWhileItHangs()
    return try await turnstile.pass { () async throws(OperationError) in
      source.reloadBegan()
      do throws(OperationError) {
        try parts.asked.refuseWhileItHangs()
        let report = try await replaceConfiguration(because: cause)
        parts.active.reloadEnded([], at: report.loadedAt)
        log(report, cause)
        source.reloadEnded(.success(report))
        return report
      } catch {
        parts.active.reloadEnded(error.problems, at: parts.clock.reading().wall)
        for problem in error.problems {
          parts.logger.error(
            "reload failed: the old configuration stays",
            metadata: cause.metadata.merging(["problem": "\(problem)"]) { $1 })
        }
        source.reloadEnded(.failure(error))
        throw error
      }
    }
  }

  private func replaceConfiguration(
    because cause: ReloadCause
  ) async throws(OperationError) -> ReloadReport {
    let read = try await source.load(because: cause)
    let (old, new) = (parts.active.configuration, read.configuration)
    let report = ReloadReport(
      hash: new.hash, loadedAt: parts.clock.reading().wall, isUnchanged: new == old,
      changes: ConfigurationChanges(from: old, to: new), variables: read.variables, warnings: read.warnings,
      needsRestart: Self.restartKeys(from: initial, to: new))
    if !report.isUnchanged {
      // What can fail comes first: until it has succeeded, the old configuration stands.
      let underWay = parts.reordering.destinations
      let stored = try await parts.asked.ask { store async throws(StoreError) in
        try await store.destinations()
      }
      try await source.apply(new.server)
      do throws(OperationError) {
        // Waited for to its end: what the store goes by then is what the answer says.
        try await parts.asked.unhurried { store async throws(StoreError) in
          try await store.configure(StoreConfiguration(new))
        }
      } catch {
        await restoreListener(old.server)
        throw error
      }
      await take(new, stored: stored, underWay: underWay)
    }
    // Whoever reloads may have mended what the old connections lead to.
    if cause == .asked { parts.engine.freshConnections(to: new.destinations.map(\.name)) }
    parts.active.loaded(at: report.loadedAt)
    return report
  }

  /// From here on nothing fails.
  private func take(_ new: Configuration, stored: [StoredDestination], underWay: Set<String>) async {
    let old = Set(parts.active.configuration.destinations.map(\.name))
    let known = Set(stored.map(\.name))
    let fresh = new.destinations.filter { !known.contains($0.name) }.map { StoredDestination(name: $0.name) }
    let disordered = Reordering.disordered(new.destinations, stored + fresh, underWay: underWay)
    await parts.holds.hold(disordered)
    parts.metrics.configure(new)
    parts.silence.listen(for: new)
    parts.attachments?.configure(new.sources)
    parts.receiver.replace(new)
    // What is in flight was told the old ones.
    parts.engine.hideInAnswers(parts.active.configuration.toldSecrets + new.toldSecrets)
    parts.engine.rewriteLinks(with: parts.linker?.rewriter(for: new))
    parts.engine.configure(new.destinations)
    parts.active.replace(new)
    parts.reordering.begin(disordered)
    await logOrphans(since: old)
  }

  /// Tells of what is owed to destinations that were configured until now.
  private func logOrphans(since old: Set<String>) async {
    let stored = try? await parts.asked.ask { store async throws(StoreError) in try await store.destinations()
    }
    guard let stored else { return }
    logOrphans(stored.filter { old.contains($0.name) })
  }

  /// A line for each that is no longer configured, and is owed something.
  func logOrphans(_ stored: [StoredDestination]) {
    for destination in stored.sorted(by: { $0.name < $1.name })
    where destination.pending + destination.dead > 0 && parts.active.destination(destination.name) == nil {
      parts.logger.warning(
        "orphaned: the configuration no longer has this destination; put it back, or discard what it is owed",
        metadata: [
          "destination": "\(destination.name)", "pending": .number(destination.pending),
          "dead": .number(destination.dead),
        ])
    }
  }

  private func restoreListener(_ settings: ServerSettings) async {
    do throws(OperationError) {
      try await source.apply(settings)
    } catch {
      parts.logger.error("the old listener can't be restored", metadata: ["reason": "\(error)"])
    }
  }

  /// Settings that are read once, at the start.
  static func restartKeys(from old: Configuration, to new: Configuration) -> [String] {
    var keys: [String] = []
    if old.server.admin != new.server.admin { keys.append("server.admin") }
    if old.server.drain != new.server.drain { keys.append("server.drain") }
    if old.store.location != new.store.location { keys.append("store.url") }
    return keys
  }

  private func log(_ report: ReloadReport, _ cause: ReloadCause) {
    for warning in report.warnings {
      parts.logger.warning("configuration", metadata: ["problem": "\(warning)"])
    }
    for key in report.needsRestart {
      parts.logger.warning("changed, but takes effect only after a restart", metadata: ["key": "\(key)"])
    }
    var metadata = cause.metadata
    metadata["hash"] = "\(report.hash)"
    for (name, text) in report.changes.texts { metadata[name] = "\(text)" }
    parts.logger.notice(
      report.isUnchanged ? "reloaded: nothing has changed" : "reloaded", metadata: metadata)
  }
}

extension ReloadCause {
  fileprivate var metadata: Logger.Metadata {
    switch self {
    case .asked: [:]
    case .files(let paths): ["changed_files": "\(paths.joined(separator: ", "))"]
    }
  }
}
