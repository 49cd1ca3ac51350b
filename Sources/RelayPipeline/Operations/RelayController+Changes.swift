import RelayCore

/// What people do to deliveries and destinations.
extension RelayController {
  public func retry(_ selection: DeliverySelection) async throws(OperationError) -> Int {
    try await change(.retry(at: parts.clock.now()), selection)
  }

  public func discard(_ selection: DeliverySelection) async throws(OperationError) -> Int {
    try await change(.discard, selection)
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
      for destination in try await destinations(of: selection) {
        let (changed, error) = await withQuietLane(destination) {
          await parts.store.change(change, selection, of: destination)
        }
        total += changed
        log(change, of: destination, changed)
        if change == .discard { parts.metrics.discarded(destination, changed) }
        guard let error else { continue }
        throw OperationError(
          code: .unavailable,
          message: "\(total) were changed, then the store failed: \(error.message); try again")
      }
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
      metadata: ["destination": "\(destination)", "deliveries": "\(count)"])
  }

  /// Which destinations' deliveries it may be about.
  private func destinations(of selection: DeliverySelection) async throws(OperationError) -> [String] {
    switch selection {
    case .ids(let ids):
      return try await store { parts async throws(StoreError) in try await parts.lookup.destinations(of: ids)
      }
    case .filter(let filter):
      if let name = filter.destination {
        _ = try await stored(name)
        return [name]
      }
      let all = try await store { parts async throws(StoreError) in try await parts.store.destinations() }
      return all.filter { $0.pending + $0.dead > 0 }.map(\.name)
    }
  }

  public func pause(_ destination: String, until: Timestamp?) async throws(OperationError) {
    _ = try await stored(destination)
    if let until, until <= parts.clock.now() {
      throw OperationError(code: .conflict, message: "\(until) has passed; give a later time, or none")
    }
    let until = until ?? .distantFuture
    try await setPause(destination, until: until)
    parts.logger.notice(
      "paused",
      metadata: ["destination": "\(destination)"].merging(
        until == .distantFuture ? [:] : ["until": "\(until)"], uniquingKeysWith: { a, _ in a }))
  }

  public func resume(_ destination: String) async throws(OperationError) {
    _ = try await stored(destination)
    if let place = active.destination(destination)?.pausedAt {
      throw OperationError(
        code: .conflict,
        message:
          "the configuration pauses \(destination) (\(place)); take `paused: true` out there and reload")
    }
    try await setPause(destination, until: nil)
    parts.logger.notice("resumed", metadata: ["destination": "\(destination)"])
  }

  /// One at a time, so that the store and the lane see pauses and their ends in one order.
  private func setPause(_ destination: String, until: Timestamp?) async throws(OperationError) {
    await pauses.enter()
    do throws(OperationError) {
      try await store { parts throws(StoreError) in try await parts.store.pause(destination, until: until) }
      parts.engine.pause(destination, until: until)
      await pauses.leave()
    } catch {
      await pauses.leave()
      throw error
    }
  }

  /// - Throws: `notFound` for a name that was never configured.
  private func stored(_ name: String) async throws(OperationError) -> StoredDestination {
    let all = try await store { parts throws(StoreError) in try await parts.store.destinations() }
    if let found = all.first(where: { $0.name == name }) { return found }
    let names = active.configuration.destinations.map(\.name).joined(separator: ", ")
    throw OperationError(
      code: .notFound, message: "there is no destination \(name); the configuration has \(names)")
  }

  /// Asks something of the store or of the lookup that takes a moment. One that hangs is not waited for.
  func store<Value: Sendable>(
    _ body: @escaping @Sendable (Parts) async throws(StoreError) -> Value
  ) async throws(OperationError) -> Value {
    do throws(StoreError) {
      return try await parts.patience.wait { [parts] () async throws(StoreError) in try await body(parts) }
    } catch {
      // At the end nobody need be told.
      if error.code != .closed { parts.watch.storeReadFailed(error) }
      throw OperationError(code: .unavailable, message: error.message)
    }
  }

  /// Before what may take long and is not to be cut off: no such thing is begun while the store hangs.
  func refuseWhileStoreHangs() throws(OperationError) {
    guard parts.watch.isHanging else { return }
    throw OperationError(code: .unavailable, message: StoreWatch.hanging.message)
  }
}
