import RelayCore
import RelayPipeline
import RelayText

/// `GET /api/v1/stream`.
package struct StreamInput: Input {
  @Fields package var filter = EventFilterInput()
  @Field(
    "`received`: what comes in; `settled`: what attempts come to. Without it both.",
    .form(.words(LiveKind.allCases.map(\.rawValue))))
  package var kinds: TextList
  @Field("With the events' bodies, and their envelopes' `time`.") package var bodies: Bool?
  @Field(
    "The id of the last message that was read: it goes on after that. (As the header `Last-Event-ID`.)",
    .form(.liveID))
  package var lastEventId: String?

  package init() {}
}

extension StreamInput {
  var contentParameters: [String] { bodies == true ? ["bodies"] : [] }

  static let meaningless = [
    "until": "a stream goes on", "ids": "what is yet to come has none",
  ]

  /// - Parameter lastID: The header's.
  func subscription(after lastID: String?, now: Timestamp) throws(APIError) -> LiveSubscription {
    var subscription = LiveSubscription(filter: try filter.filter(now: now), withBodies: bodies ?? false)
    if !kinds.texts.isEmpty { subscription.kinds = Set(try kinds.texts.map(Self.kind)) }
    if !subscription.filter.routes.isEmpty {
      guard kinds.texts.isEmpty || subscription.kinds.contains(.received) else {
        throw .invalidRequest(
          "of what is settled the routes are not known: ask by 'destination', or for 'received'")
      }
      subscription.kinds = [.received]
    }
    if let text = lastID ?? lastEventId {
      guard let id = LiveID(text) else {
        throw .invalidRequest("'\(text.prefix(100))' is not the id of a message of this stream (evt_….12)")
      }
      subscription.after = id
    }
    return subscription
  }

  private static func kind(_ text: String) throws(APIError) -> LiveKind {
    if let kind = LiveKind(rawValue: text) { return kind }
    let known = LiveKind.allCases.map(\.rawValue)
    throw .invalidRequest(
      "there is no kind '\(text.prefix(100))'\(NearestName.hint(for: text, among: known))")
  }
}
