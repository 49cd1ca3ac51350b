import RelayCore

/// How far events and deliveries were read: the rows of the last ones, by the origin's numbers.
package struct ArrivalPlace: Sendable, Equatable {
  package var event: Int64
  package var delivery: Int64

  package init(event: Int64 = 0, delivery: Int64 = 0) {
    self.event = event
    self.delivery = delivery
  }
}

/// Something that has arrived.
package enum Arrival: Sendable, Equatable {
  case event(MovedEvent)
  /// - isFirst: It is the first of its event's own, which the others follow.
  case delivery(MovedDelivery, isFirst: Bool)
}

package struct ArrivalPage: Sendable, Equatable {
  package var arrivals: [Arrival]
  /// Where the next one goes on.
  package var end: ArrivalPlace

  package init(arrivals: [Arrival] = [], end: ArrivalPlace) {
    self.arrivals = arrivals
    self.end = end
  }
}
