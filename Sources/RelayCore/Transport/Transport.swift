/// Sends requests to destinations, each destination's kept apart from the others'.
///
/// One thread of its own runs everything. It asks its driver what to do in **turns**: when attempts have finished,
/// when somebody called `wake`, and when the deadline that the last turn gave has come.
package protocol Transport: AnyObject, Sendable {
  /// Starts the thread. Once.
  func start(driver: any TransportDriver)
  /// From any thread: a turn, soon.
  func wake()
  /// Ends the thread: requests in flight are abandoned. Blocks until it has ended.
  func stop()
}

/// Decides what a transport does. Called on the transport's thread only.
package protocol TransportDriver: AnyObject, Sendable {
  /// - Returns: what to start, which destinations have changed, and when to come back without a cause.
  func turn(finished: [FinishedAttempt]) -> TransportTurn
}

package struct TransportTurn: Sendable {
  /// Destinations that are new or have changed; applied before `requests`. Requests in flight finish as they began.
  package var destinations: [Destination] = []
  /// Destinations to forget, by name.
  package var removedDestinations: [String] = []
  /// Destinations, by name, whose connections get no new request: those under way finish on them. Applied before `requests`.
  package var freshConnections: [String] = []
  package var requests: [AttemptRequest] = []
  /// nil: not before something happens.
  package var deadline: Timestamp?

  package init() {}
}

/// One POST.
package struct AttemptRequest: Sendable {
  package var delivery: DeliveryID
  /// The destination's name.
  package var destination: String
  /// What the destination's own settings say (authorization, its headers) the transport adds.
  package var headers: HeaderLines
  package var body: [UInt8]

  package init(delivery: DeliveryID, destination: String, headers: HeaderLines, body: [UInt8]) {
    self.delivery = delivery
    self.destination = destination
    self.headers = headers
    self.body = body
  }
}

package struct FinishedAttempt: Sendable {
  package var delivery: DeliveryID
  package var destination: String
  package var result: AttemptResult
  /// The access token that was sent, which the answer may repeat; nil: none was.
  package var accessToken: Secret?

  package init(delivery: DeliveryID, destination: String, result: AttemptResult) {
    self.delivery = delivery
    self.destination = destination
    self.result = result
  }
}
