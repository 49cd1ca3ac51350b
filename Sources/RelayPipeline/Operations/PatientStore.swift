import RelayCore
import RelayText

/// The store as people ask it: each call waits for a while, and a store that hangs is not waited for.
///
/// What it can't do becomes an `OperationError` of the kind `unavailable`, and is reported to the `StoreWatch` where the
/// store could not be read.
final class PatientStore: Sendable {
  let patience: Patience
  private let store: any DeliveryStore
  private let lookup: any DeliveryLookup
  private let watch: StoreWatch
  private let active: ActiveConfiguration
  private let lookupAnswers = AwaitedAnswers()

  init(
    store: any DeliveryStore, lookup: any DeliveryLookup, watch: StoreWatch, active: ActiveConfiguration,
    patience: Patience
  ) {
    self.store = store
    self.lookup = lookup
    self.watch = watch
    self.active = active
    self.patience = patience
  }

  /// Asks something of the store that takes a moment.
  func ask<Value: Sendable>(
    _ body: @escaping @Sendable (any DeliveryStore) async throws(StoreError) -> Value
  ) async throws(OperationError) -> Value {
    do throws(StoreError) {
      return try await patience.wait { [store] () async throws(StoreError) in try await body(store) }
    } catch {
      throw unavailable(error)
    }
  }

  /// Asks one short thing of the lookup.
  func look<Value: Sendable>(
    _ body: @escaping @Sendable (any DeliveryLookup) async throws(StoreError) -> Value
  ) async throws(OperationError) -> Value {
    do throws(StoreError) {
      return try await lookOnce(body)
    } catch {
      throw unavailable(error)
    }
  }

  /// Asks one short thing of the lookup. One that hangs is asked nothing more: whoever asks is told at once.
  func lookOnce<Value: Sendable>(
    _ body: @escaping @Sendable (any DeliveryLookup) async throws(StoreError) -> Value
  ) async throws(StoreError) -> Value {
    guard !lookupAnswers.areSilent(for: patience.limit) else { throw Patience.hanging }
    lookupAnswers.asked()
    return try await patience.wait { [lookup, lookupAnswers] () async throws(StoreError) in
      defer { lookupAnswers.answered() }
      return try await body(lookup)
    }
  }

  /// Asks something of the store that is waited for to its end, since it takes effect all the same.
  func unhurried<Value>(
    _ body: (any DeliveryStore) async throws(StoreError) -> Value
  ) async throws(OperationError) -> Value {
    do throws(StoreError) {
      return try await body(store)
    } catch {
      throw unavailable(error)
    }
  }

  /// Before what may take long and is not to be cut off: no such thing is begun while the store hangs.
  func refuseWhileItHangs() throws(OperationError) {
    guard watch.isHanging else { return }
    throw OperationError(code: .unavailable, message: StoreWatch.hanging.message)
  }

  /// - Throws: `notFound` for a name that was never configured.
  func destination(_ name: String) async throws(OperationError) -> StoredDestination {
    let all = try await ask { store throws(StoreError) in try await store.destinations() }
    if let found = all.first(where: { $0.name == name }) { return found }
    let names = active.configuration.destinations.map(\.name)
    let hint =
      NearestName.question(name, among: names)
      ?? "; the configuration has \(names.joined(separator: ", ")) (a new one is there after a reload)"
    throw OperationError(code: .notFound, message: "there is no destination \(name)\(hint)")
  }

  private func unavailable(_ error: StoreError) -> OperationError {
    switch error.code {
    case .failing, .hanging, .lost, .foreignLog, .unreachable, .cannotOpen, .newerSchema:
      watch.storeReadFailed(error)
    case .unsupported: return OperationError(code: .conflict, message: error.message)
    // It can be read: there is no room for what was asked, or something else is under way. At the end nobody need be told.
    case .full, .inUse, .closed: break
    }
    return OperationError(code: .unavailable, message: error.message)
  }
}
