import RelayCore

/// One request to a destination, outside its queue.
package protocol DestinationTests: AnyObject, Sendable {
  /// Sends an event as a delivery of it would be sent: to the destination's present URL, in its format, with its credentials,
  /// signature and time limits, and the header `huggy-relay-test: true`. It is in no queue, no circuit and no books.
  ///
  /// - Throws: `notFound` for a destination that there is not, `conflict` while too many others are under way, `invalidSample`
  ///   for what holds no such event.
  func test(_ destination: String, with sample: TestSample) async throws(OperationError) -> TestReport

  /// An envelope with an event of this type, made up. Its token is nobody's.
  ///
  /// - Throws: `invalidSample` for a type that is not described.
  func sample(_ type: String) throws(OperationError) -> [UInt8]
  /// What can be made up.
  var sampleTypes: [String] { get }
}

/// What a destination is tried with.
package enum TestSample: Sendable, Equatable {
  /// - Parameter event: Its place among the envelope's events, from 1.
  case envelope([UInt8], event: Int)
  /// One event as it stands in an envelope.
  case event([UInt8], type: String)
  /// One that is made up, of a documented type.
  case madeUp(type: String)
}

/// Makes up envelopes as Huggy would post them.
package protocol SampleEnvelopes: Sendable {
  /// nil: there is no such type.
  ///
  /// - Parameter token: That of the envelope.
  func envelope(with type: String, token: String, at now: Timestamp) -> [UInt8]?
  /// What can be asked for.
  var types: [String] { get }
}

/// The request as it was sent, and what came of it; secrets masked in all of it.
package struct TestReport: Sendable, Equatable {
  package var destination: String
  package var eventType: String
  package var url: String
  package var body: [UInt8]
  package var probe: ProbeReport

  package init(
    destination: String, eventType: String, url: String, body: [UInt8], probe: ProbeReport
  ) {
    self.destination = destination
    self.eventType = eventType
    self.url = url
    self.body = body
    self.probe = probe
  }
}
