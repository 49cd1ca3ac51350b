import RelayCore

/// Looks for events and deliveries on behalf of people: piece by piece, so that others who ask come between, until there are
/// enough or the time for one request is over.
final class StoreSearch: Sendable {
  /// So long one request looks: then it says how far it has come.
  static let time = Duration.milliseconds(300)
  /// Deliveries that are looked at in one piece.
  private static let deliveriesInPiece = 500
  /// A page with so many groups is full, so that its size is bounded whatever types senders make up.
  private static let groupsInPage = 1_000

  private let asked: PatientStore
  private let typeCheck: TypeCheck
  private let clock = ContinuousClock()

  init(asked: PatientStore, typeCheck: TypeCheck) {
    self.asked = asked
    self.typeCheck = typeCheck
  }

  func events(_ request: EventPageRequest) async throws(OperationError) -> EventPage {
    let end = clock.now.advanced(by: Self.time)
    var rest = request
    var found = EventPage(events: [], next: nil, reached: nil)
    repeat {
      rest.limit = request.limit - found.events.count
      rest.after = found.next ?? request.after
      let piece = try await asked.look { [rest] lookup async throws(StoreError) in
        try await lookup.events(rest)
      }
      found.events += piece.events
      (found.next, found.reached) = (piece.next, piece.reached)
    } while found.next != nil && found.events.count < request.limit && clock.now < end
    if found.events.isEmpty, found.next == nil, request.after == nil { try await check(request.filter) }
    return found
  }

  /// A name that nothing has ever had is misspelt, more likely than not.
  private func check(_ filter: EventFilter) async throws(OperationError) {
    for pattern in filter.destinations {
      if let name = pattern.literal { _ = try await asked.destination(name) }
    }
  }

  func deliveries(
    _ search: DeliverySearch, after: DeliveryID?, limit: Int
  ) async throws(OperationError) -> DeliveryPage {
    if let name = search.filter.destination { _ = try await asked.destination(name) }
    let end = clock.now.advanced(by: Self.time)
    let inPiece = search.isPlain ? limit : Self.deliveriesInPiece
    var found = DeliveryPage(deliveries: [], next: nil)
    var place = after
    repeat {
      let piece = try await asked.look { [place] lookup async throws(StoreError) in
        try await lookup.deliveries(search.filter, after: place, limit: inPiece)
      }
      let fitting = piece.deliveries.filter(search.holds)
      let taken = fitting.prefix(limit - found.deliveries.count)
      found.deliveries += taken
      found.next = taken.count < fitting.count ? taken.last?.id : piece.next
      place = found.next
    } while found.next != nil && found.deliveries.count < limit && clock.now < end
    if found.deliveries.isEmpty, found.next == nil, after == nil { try await typeCheck.check(search.filter) }
    return found
  }

  func groups(
    _ filter: DeliveryFilter, after: DeliveryID?
  ) async throws(OperationError) -> DeliveryGroupPage {
    if let name = filter.destination { _ = try await asked.destination(name) }
    let end = clock.now.advanced(by: Self.time)
    var found = DeliveryGroupPage(groups: DeliveryGroups(), next: after)
    repeat {
      let piece = try await asked.look { [place = found.next] lookup async throws(StoreError) in
        try await lookup.groups(filter, after: place)
      }
      found.groups.add(piece.groups)
      found.next = piece.next
    } while found.next != nil && found.groups.count < Self.groupsInPage && clock.now < end
    if found.groups.count == 0, found.next == nil, after == nil { try await typeCheck.check(filter) }
    return found
  }
}
