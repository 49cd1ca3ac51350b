import RelayCore

/// How far a person's change of a destination's deliveries has come.
struct ChangeProgress: Equatable {
  /// The last delivery that was looked at; of a selection by ids how many of them, the lowest first. nil: none.
  var walkedTo: Int64?
  /// The last delivery of the walk; nil: it has not begun.
  var end: DeliveryID?
  var made = ChangedDeliveries()
}
