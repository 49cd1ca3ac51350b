import RelayCore

/// What a person's wish, or a new order, needs to know of a delivery.
package struct ChangeableDelivery {
  package var id: DeliveryID
  package var destination: DestinationRowID
  package var state: DeliveryState
  /// Only a discarded one has it.
  package var discardReason: DiscardReason?
  package var due: Timestamp?
  package var bytes: Int
  package var orderKey: String?
  package var type: String
  package var chat: String?
  /// The source's name.
  package var source: String
  package var receivedAt: Timestamp
  package var run: Int
  /// There is something to be sent.
  package var hasBody: Bool
  /// Only a dead one has it.
  package var deathReason: DeathReason?
  package var wasAttempted: Bool
  /// The last attempt's; nil: it was not answered.
  package var lastStatus: Int?

  package init(
    id: DeliveryID, destination: DestinationRowID, state: DeliveryState, discardReason: DiscardReason?,
    due: Timestamp?, bytes: Int, orderKey: String?, type: String, chat: String?, source: String,
    receivedAt: Timestamp, run: Int, hasBody: Bool, deathReason: DeathReason?, wasAttempted: Bool,
    lastStatus: Int?
  ) {
    self.id = id
    self.destination = destination
    self.state = state
    self.discardReason = discardReason
    self.due = due
    self.bytes = bytes
    self.orderKey = orderKey
    self.type = type
    self.chat = chat
    self.source = source
    self.receivedAt = receivedAt
    self.run = run
    self.hasBody = hasBody
    self.deathReason = deathReason
    self.wasAttempted = wasAttempted
    self.lastStatus = lastStatus
  }

  package var queue: DeliveryQueue { DeliveryQueue(run: run) }

  /// What its present key is.
  package var presentKey: OrderKey? {
    orderKey.map { OrderKey(destination: destination, text: $0, queue: queue) }
  }

  /// What it is ordered by according to this.
  package func key(by ordering: Ordering) -> OrderKey? {
    ordering.key(source: source, chat: chat, run: run).map {
      OrderKey(destination: destination, text: $0, queue: queue)
    }
  }
}
