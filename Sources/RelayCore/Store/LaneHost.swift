/// Who has the lanes, as a store sees it that several relays share: it says which destinations this relay serves. Called from the
/// store's thread; returns at once.
package protocol LaneHost: Sendable {
  /// Another relay is to serve these: all that is not in flight is given back, and nothing is taken until they are resumed.
  func holdLanes(_ destinations: [String])
  /// They stay with this relay after all.
  func resumeLanes(_ destinations: [String])
  /// Another relay serves these from now on: what is asked for them finds nothing.
  func lanesWent(_ destinations: [String])
  /// This relay serves these from now on.
  ///
  /// - Parameter stored: What is kept of them: others may have changed it.
  func lanesCame(_ stored: [StoredDestination])
  /// A person has paused one at another relay, or (nil) lifted the pause; `distantFuture`: until it is lifted.
  ///
  /// - Parameter until: By the wall clock.
  func pauseLane(_ destination: String, until: Timestamp?)
  /// Other relays have stored deliveries for these.
  ///
  /// - Parameter replayed: Whether replays have queued some of them.
  func deliveriesCame(for destinations: [String], replayed: Bool)
  /// A person changes deliveries of one, and has asked for it at any relay: all that is not in flight is given back, and nothing is taken
  /// until `changed`. Calls nest, also with `holdLanes`.
  ///
  /// - Parameter isQuiet: Called once nothing of it is claimed but what is in flight.
  func quieten(_ destination: String, isQuiet: @escaping @Sendable () -> Void)
  /// The change has ended.
  ///
  /// - Parameter areRetried: Deliveries of it were retried.
  func changed(_ destination: String, areRetried: Bool)
  /// A person says at another relay that one is well: what it asked for with `Retry-After` counts no longer, and a probe is due.
  ///
  /// - Parameter wasHeld: Told until when it was to be left alone, by the wall clock; nil: it was not.
  func endRetryAfter(of destination: String, wasHeld: @escaping @Sendable (_ until: Timestamp?) -> Void)
}
