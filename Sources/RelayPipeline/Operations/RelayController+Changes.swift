import RelayCore

/// What people do to deliveries and destinations.
extension RelayController {
  package func retry(_ selection: DeliverySelection) async throws(OperationError) -> Int {
    try await change(.retry(at: parts.clock.now()), selection)
  }

  package func discard(_ selection: DeliverySelection) async throws(OperationError) -> Int {
    try await change(.discard, selection)
  }

  package func count(
    _ verb: ChangeVerb, _ selection: DeliverySelection
  ) async throws(OperationError) -> DeliveryCounts {
    var counts = DeliveryCounts()
    switch selection {
    case .ids(let ids):
      for place in try await places(of: ids) where verb.states.contains(place.state) {
        counts.add(of: place.destination, place.state)
      }
    case .filter(let filter):
      if let name = filter.destination { _ = try await stored(name) }
      // Page by page: however many there are, each page has an answer in time, or none has.
      var after: DeliveryID?
      repeat {
        let last = after
        let page = try await lookup { lookup async throws(StoreError) in
          try await lookup.count(filter, after: last)
        }
        counts.add(page.counts)
        after = page.next
      } while after != nil
      if counts.total == 0 { try await checkType(of: filter) }
    }
    return counts
  }

  /// Destination by destination, so that each waits only for its own.
  private func change(
    _ change: DeliveryChange, _ selection: DeliverySelection
  ) async throws(OperationError) -> Int {
    try refuseWhileStoreHangs()
    await changes.enter()
    do throws(OperationError) {
      try refuseWhileStoreHangs()
      var total = 0
      let destinations = try await destinations(of: selection)
      for destination in destinations {
        await quieten([destination])
        let (changed, error) = await parts.store.change(change, selection, of: destination)
        release([destination], areRetried: change != .discard && changed > 0)
        total += changed
        log(change, of: destination, changed)
        if change == .discard { parts.metrics.discarded(destination, changed) }
        guard let error else { continue }
        throw OperationError(
          code: .unavailable,
          message: "\(total) were changed, then the store failed: \(error.message); try again")
      }
      if total == 0, case .filter(let filter) = selection { try await checkType(of: filter) }
      await changes.leave()
      return total
    } catch {
      await changes.leave()
      throw error
    }
  }

  private func log(_ change: DeliveryChange, of destination: String, _ count: Int) {
    guard count > 0 else { return }
    parts.logger.notice(
      change == .discard ? "discarded by a person" : "retried by a person",
      metadata: ["destination": "\(destination)", "deliveries": .number(count)])
  }

  /// Which destinations' deliveries it may be about.
  private func destinations(of selection: DeliverySelection) async throws(OperationError) -> [String] {
    switch selection {
    case .ids(let ids):
      var names: [String] = []
      for place in try await places(of: ids) where !names.contains(place.destination) {
        names.append(place.destination)
      }
      return names
    case .filter(let filter):
      if let name = filter.destination {
        _ = try await stored(name)
        return [name]
      }
      let all = try await store { parts async throws(StoreError) in try await parts.store.destinations() }
      // Of discarded ones nobody knows how many are still stored.
      let isDiscarded = filter.state == .discarded || filter.state == .overflowed
      return all.filter { isDiscarded ? $0.discarded + $0.overflowed > 0 : $0.pending + $0.dead > 0 }.map(
        \.name)
    }
  }

  /// - Throws: `notFound`, if one of them is not there.
  private func places(of ids: [DeliveryID]) async throws(OperationError) -> [DeliveryPlace] {
    let places = try await lookup { lookup async throws(StoreError) in try await lookup.places(of: ids) }
    let known = Set(places.map(\.id))
    let unknown = ids.filter { !known.contains($0) }.map(\.description)
    guard !unknown.isEmpty else { return places }
    let more = unknown.count > 10 ? " and \(unknown.count - 10) others" : ""
    throw OperationError(
      code: .notFound,
      message: "the store has no delivery \(unknown.prefix(10).joined(separator: ", "))\(more) (any more); "
        + "`deliveries` and `event` show their ids")
  }

  /// A type that nothing has and that nobody knows is a slip.
  ///
  /// - Throws: `notFound`.
  func checkType(of filter: DeliveryFilter) async throws(OperationError) {
    guard let type = filter.type else { return }
    let routes = active.configuration.routes
    let named = routes.lazy.flatMap { ([$0.match] + $0.except).compactMap(\.events).joined() }.compactMap(
      \.literal)
    let seen = parts.metrics.eventTypes
    let known = RoutingTable.knownTypes + seen + named
    guard !known.contains(where: { $0.asciiLowercased == type.asciiLowercased }) else { return }
    // One that came before the start, and that only a pattern routes.
    let ofType = DeliveryFilter(type: type)
    var after: DeliveryID?
    repeat {
      let last = after
      let page = try await lookup { lookup async throws(StoreError) in
        try await lookup.deliveries(ofType, after: last, limit: 1)
      }
      if !page.deliveries.isEmpty { return }
      after = page.next
    } while after != nil
    throw OperationError(
      code: .notFound,
      message: "there is no event of the type \(type)\(NearestName.question(type, among: known) ?? "")")
  }

  package func pause(_ destination: String, until: Timestamp?) async throws(OperationError) {
    _ = try await stored(destination)
    if let until, until <= parts.clock.reading().wall {
      throw OperationError(code: .conflict, message: "\(until) has passed; give a later time, or none")
    }
    let until = until ?? .distantFuture
    try await setPause(destination, until: until)
    parts.logger.notice(
      "paused",
      metadata: ["destination": "\(destination)"].merging(
        until == .distantFuture ? [:] : ["until": "\(until)"], uniquingKeysWith: { a, _ in a }))
  }

  package func resume(_ destination: String) async throws(OperationError) -> ResumeReport {
    let stored = try await stored(destination)
    if let place = active.destination(destination)?.pausedAt {
      let lifted = await liftHold(of: destination)
      let done = lifted.map { "; the Retry-After hold until \($0) is lifted" } ?? ""
      throw OperationError(
        code: .conflict,
        message:
          "the configuration pauses \(destination) (\(place)); take `paused: true` out there and reload\(done)"
      )
    }
    try await setPause(destination, until: nil)
    let report = ResumeReport(
      wasPaused: stored.pausedUntil.map { parts.clock.reading().wall < $0 } ?? false,
      liftedHold: await liftHold(of: destination))
    parts.logger.notice(
      "resumed",
      metadata: ["destination": "\(destination)"].merging(
        report.liftedHold.map { ["lifted_hold_until": "\($0)"] } ?? [:], uniquingKeysWith: { a, _ in a }))
    return report
  }

  /// - Returns: Until when it was held.
  private func liftHold(of destination: String) async -> Timestamp? {
    let held = await lanes()[destination]?.heldUntil
    parts.engine.liftHold(of: destination)
    return held
  }

  /// The lane is told in the store's completion: so it sees pauses and their ends in the store's order, and also one that
  /// comes too late for whoever asked.
  private func setPause(_ destination: String, until: Timestamp?) async throws(OperationError) {
    try await store { parts async throws(StoreError) in
      try await parts.store.pause(destination, until: until) {
        parts.engine.pause(destination, until: until)
      }
    }
  }

  /// - Throws: `notFound` for a name that was never configured.
  func stored(_ name: String) async throws(OperationError) -> StoredDestination {
    let all = try await store { parts throws(StoreError) in try await parts.store.destinations() }
    if let found = all.first(where: { $0.name == name }) { return found }
    let names = active.configuration.destinations.map(\.name)
    let hint =
      NearestName.question(name, among: names) ?? "; the configuration has \(names.joined(separator: ", "))"
    throw OperationError(code: .notFound, message: "there is no destination \(name)\(hint)")
  }

  /// It takes as long as the store is large: nobody's patience ends it.
  package func backup() async throws(OperationError) -> any StoreCopy {
    try refuseWhileStoreHangs()
    parts.logger.notice("the store is being copied")
    return try await unhurried { store async throws(StoreError) in try await store.backup() }
  }

  /// Asks something of the store that takes a moment. One that hangs is not waited for.
  func store<Value: Sendable>(
    _ body: @escaping @Sendable (Parts) async throws(StoreError) -> Value
  ) async throws(OperationError) -> Value {
    do throws(StoreError) {
      return try await parts.patience.wait { [parts] () async throws(StoreError) in try await body(parts) }
    } catch {
      throw unavailable(error)
    }
  }

  /// Asks one short thing of the lookup. One that hangs is not waited for.
  func lookup<Value: Sendable>(
    _ body: @escaping @Sendable (any DeliveryLookup) async throws(StoreError) -> Value
  ) async throws(OperationError) -> Value {
    do throws(StoreError) {
      return try await askLookup(body)
    } catch {
      throw unavailable(error)
    }
  }

  /// Asks something of the store that is waited for to its end, since it takes effect all the same.
  func unhurried<Value>(
    _ body: (any DeliveryStore) async throws(StoreError) -> Value
  ) async throws(OperationError) -> Value {
    do throws(StoreError) {
      return try await body(parts.store)
    } catch {
      throw unavailable(error)
    }
  }

  private func unavailable(_ error: StoreError) -> OperationError {
    switch error.code {
    case .failing, .hanging, .lost, .foreignLog, .cannotOpen, .newerSchema: parts.watch.storeReadFailed(error)
    // It can be read: there is no room for what was asked, or something else is under way. At the end nobody need be told.
    case .full, .inUse, .closed: break
    }
    return OperationError(code: .unavailable, message: error.message)
  }

  /// Before what may take long and is not to be cut off: no such thing is begun while the store hangs.
  func refuseWhileStoreHangs() throws(OperationError) {
    guard parts.watch.isHanging else { return }
    throw OperationError(code: .unavailable, message: StoreWatch.hanging.message)
  }
}
