import RelayCore

/// The ticks that events, deliveries and envelopes get as they are moved: those of their times, as far as their order lets them.
///
/// They rise as the origin's rows do. An event's tick is above those of all deliveries before it, and its own deliveries come at it and
/// right behind: so an event and its deliveries are of one day, or of two that follow each other, as where they had come here.
struct MoveNumbering: Equatable {
  /// No tick is above it, as long as there is room below.
  let ceiling: Int64
  private(set) var event: Int64
  private(set) var delivery: Int64
  private(set) var envelope: Int64

  init(ceiling: Int64, event: Int64 = 0, delivery: Int64 = 0, envelope: Int64 = 0) {
    self.ceiling = ceiling
    self.event = event
    self.delivery = delivery
    self.envelope = envelope
  }

  /// What comes after the move has ticks above this one.
  var highest: Int64 { max(event, delivery, envelope) }

  mutating func takeEvent(_ received: Timestamp) -> Int64 {
    event = max(event + 1, delivery + 1, min(CommitBase.tick(at: received), ceiling))
    return event
  }

  mutating func takeDelivery(_ came: Timestamp) -> Int64 {
    delivery = max(delivery + 1, event, min(CommitBase.tick(at: came), ceiling))
    return delivery
  }

  mutating func takeEnvelope(_ received: Timestamp) -> Int64 {
    envelope = max(envelope + 1, min(CommitBase.tick(at: received), ceiling))
    return envelope
  }
}
