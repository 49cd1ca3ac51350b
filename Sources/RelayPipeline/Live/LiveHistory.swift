import RelayCore

/// Asks the store for events that came in before. Bounded work, each time.
package typealias LiveHistory =
  @Sendable (EventPageRequest) async throws -> EventPage
