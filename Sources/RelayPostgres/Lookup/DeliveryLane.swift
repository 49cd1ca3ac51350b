import RelayCore

/// Where a walk finds deliveries, newest first.
struct DeliveryLane: Equatable {
  enum Source: Equatable {
    /// Those of a destination on a shelf.
    case shelf(Int16, destination: Int32)
    /// Those that their lanes have had since they arrived: they stand on none.
    case unlisted
    /// All.
    case all
    /// Those that came later than their events did: with new rules, or with a replay.
    case rerouted, replayed
  }

  let source: Source
  /// None before this one.
  let first: DeliveryID
  /// None from this one on.
  let end: DeliveryID

  init(_ source: Source, from first: DeliveryID, before end: DeliveryID = DeliveryID(rawValue: .max)) {
    self.source = source
    self.first = first
    self.end = end
  }
}
