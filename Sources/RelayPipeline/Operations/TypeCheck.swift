import RelayCore
import RelayText

/// Tells a slip from a filter that finds nothing: an event type that nothing has and that nobody knows.
struct TypeCheck: Sendable {
  let asked: PatientStore
  let active: ActiveConfiguration
  let metrics: RelayMetrics

  /// - Throws: `notFound`.
  func check(_ filter: DeliveryFilter) async throws(OperationError) {
    guard let type = filter.type else { return }
    let routes = active.configuration.routes
    let named = routes.lazy.flatMap { ([$0.match] + $0.except).compactMap(\.events).joined() }.compactMap(
      \.literal)
    let seen = metrics.eventTypes
    let known = HuggyEventType.names + seen + named
    guard !known.contains(where: { $0.asciiLowercased == type.asciiLowercased }) else { return }
    // One that came before the start, and that only a pattern routes.
    let ofType = DeliveryFilter(type: type)
    var after: DeliveryID?
    repeat {
      let last = after
      let page = try await asked.look { lookup async throws(StoreError) in
        try await lookup.deliveries(ofType, after: last, limit: 1)
      }
      if !page.deliveries.isEmpty { return }
      after = page.next
    } while after != nil
    throw OperationError(
      code: .notFound,
      message: "there is no event of the type \(type)\(NearestName.question(type, among: known) ?? "")")
  }
}
