import RelayCore

/// What has come of a replay's deliveries: of all of them, or within a transaction.
package protocol ReplayCounting {
  var delivered: Int { get set }
  var dead: Int { get set }
  var discarded: Int { get set }
}

extension Replay: ReplayCounting {}

extension ReplayCounting {
  /// A pending delivery of it has come to this end.
  package mutating func settled(_ outcome: Settlement.Outcome) {
    switch outcome {
    case .delivered: delivered += 1
    case .dead: dead += 1
    case .retry: break
    }
  }

  /// A dead or discarded one is pending again.
  package mutating func retried(wasDead: Bool) {
    if wasDead { dead -= 1 } else { discarded -= 1 }
  }

  /// A dead or pending one was given up.
  package mutating func gaveUp(wasDead: Bool) {
    if wasDead { dead -= 1 }
    discarded += 1
  }
}

/// What a replay says of its walk.
extension Replay {
  /// A step of its walk has been queued.
  ///
  /// - Parameters:
  ///   - count: How many deliveries it came to.
  ///   - parted: Destinations without room, which get a walk of their own from there on.
  package mutating func took(
    _ step: ReplayStep, queued count: Int, parting parted: some Sequence<String>, at now: Timestamp
  ) {
    queued += count
    if step.part == nil {
      matched += step.matched
      skipped += step.skipped
    }
    let main = cursors.main
    for destination in parted { cursors.parted[destination] = main }
    cursors[step.part] = step.isLast ? .over : .at(step.cursor)
    if cursors.areOver { (walk, endedAt) = (.ended, now) }
  }

  /// Its walk comes to an end before its last event.
  package mutating func end(as end: ReplayEnd, at now: Timestamp) {
    endedAt = now
    switch end {
    case .cancelled: walk = .cancelled
    case .failed(let why): (walk, failure) = (.failed, why)
    }
  }
}

extension ReplayStep {
  /// Why it can't be queued, whatever state the store is in: it uses a name that was never configured.
  package func refusal(
    knowsDestination: (String) -> Bool, knowsRoute: (String) -> Bool
  ) -> StoreError? {
    // Mostly all entries have the same.
    var last: Target?
    for target in entries.lazy.flatMap(\.targets) where target != last {
      last = target
      if !knowsDestination(target.destination) { return .unknown(destination: target.destination) }
      if let route = target.route, !knowsRoute(route) { return .unknown("route", route) }
    }
    return nil
  }
}
