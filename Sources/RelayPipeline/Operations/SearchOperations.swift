import RelayCore

/// What a person can look for among events and deliveries.
package protocol SearchOperations: AnyObject, Sendable {
  /// Looks until there are enough, or for a short while: a page may hold fewer events than were asked for, and yet have a next.
  func events(_ request: EventPageRequest) async throws(OperationError) -> EventPage

  /// The same for deliveries, newest first.
  func deliveries(
    _ search: DeliverySearch, after: DeliveryID?, limit: Int
  ) async throws(OperationError) -> DeliveryReportPage

  /// How many deliveries fit, by what they are and what became of them. It counts for a short while: a page may hold a part of
  /// them, and yet have a next.
  func groups(_ filter: DeliveryFilter, after: DeliveryID?) async throws(OperationError) -> DeliveryGroupPage
}

/// Which deliveries: a filter that the store knows, and what is asked of each that it finds.
package struct DeliverySearch: Sendable, Equatable {
  package var filter: DeliveryFilter
  /// Why it is dead or was discarded: `permanent`, `overflow`; any one.
  package var reasons: [String]
  /// The last attempt's.
  package var statuses: [StatusTest]
  /// The route that sent it.
  package var routes: [WildcardPattern]

  package init(
    _ filter: DeliveryFilter = DeliveryFilter(), reasons: [String] = [], statuses: [StatusTest] = [],
    routes: [WildcardPattern] = []
  ) {
    self.filter = filter
    self.reasons = reasons
    self.statuses = statuses
    self.routes = routes
  }

  /// Every reason there is.
  package static let knownReasons =
    DeathReason.allCases.map(\.description) + DiscardReason.allCases.map(\.description)

  /// The filter says all.
  package var isPlain: Bool { reasons.isEmpty && statuses.isEmpty && routes.isEmpty }

  /// What the filter does not say.
  package func holds(_ delivery: DeliveryRecord) -> Bool {
    let reason = delivery.deathReason?.description ?? delivery.discardReason?.description
    return (reasons.isEmpty || (reason.map(reasons.contains) ?? false))
      && (statuses.isEmpty
        || statuses.contains {
          $0.holds(delivery.lastAttempt?.status, wasAttempted: delivery.lastAttempt != nil)
        })
      && (routes.isEmpty || routes.contains { $0.matches(delivery.route) })
  }
}
