import RelayCore

/// What a message of `GET /api/v1/stream` says, read.
package enum StreamMessage: Sendable, Equatable {
  case received(ReceivedMessage)
  case settled(SettledMessage)
  case discarded(DiscardedMessage)
  case missed(MissedMessage)
  case overloaded(OverloadedMessage)
  /// A newer relay's.
  case other(String)

  static let schema = Schema.either([
    .message("received", RecordType(type: ReceivedMessage.self)),
    .message("settled", RecordType(type: SettledMessage.self)),
    .message("discarded", RecordType(type: DiscardedMessage.self)),
    .message("missed", RecordType(type: MissedMessage.self)),
    .message("overloaded", RecordType(type: OverloadedMessage.self)),
  ])

  /// - Throws: `DecodingError`: it is not such a message.
  package init(_ name: String, _ data: [UInt8]) throws {
    switch name {
    case "received": self = .received(try AnswerDecoder.decode(ReceivedMessage.self, from: data))
    case "settled": self = .settled(try AnswerDecoder.decode(SettledMessage.self, from: data))
    case "discarded": self = .discarded(try AnswerDecoder.decode(DiscardedMessage.self, from: data))
    case "missed": self = .missed(try AnswerDecoder.decode(MissedMessage.self, from: data))
    case "overloaded": self = .overloaded(try AnswerDecoder.decode(OverloadedMessage.self, from: data))
    default: self = .other(name)
    }
  }
}

/// An event that came in, just now or before.
package struct ReceivedMessage: Answer, WithFacts {
  @Field("`received`.") package var kind: String
  @Field("The event's id.") package var eventId: String
  @Fields package var facts = EventFacts()
  @Field("When it came.") package var receivedAt: Timestamp
  @Field(
    "What has become of it: `pending`, `dropped` or `unrouted` of one that has just come in; of an earlier one also `delivered`, "
      + "`dead` or `discarded`, several where it has several deliveries.")
  package var outcomes: [String]
  @Field("The routes that matched it, in their order; the last of them dropped it where it was dropped.")
  package var routes: [String]
  @Field("Where it goes.") package var destinations: [String]
  @Field("How long its body is, in bytes.") package var bytes: Int
  @Field("Its envelope's `time`, as it came. Only with `bodies`.", .leftOutIfNil) var time: RawJSON?
  @Field("The event, as it came. Only with `bodies`.", .leftOutIfNil) var body: RawJSON?

  package init() {}
}

/// What an attempt came to.
package struct SettledMessage: Answer, WithFacts {
  @Field("`settled`.") package var kind: String
  @Field("The event's id.") package var eventId: String
  @Fields package var facts = EventFacts()
  @Field("The delivery's number.") package var deliveryId: Int64
  @Field("Where it goes.") package var destination: String
  @Field("0: as it was routed when it came; from 1: a replay.") package var run: Int
  @Field("`delivered`, `dead`, or `pending`: it failed, and is due again.") package var state: String
  @Field("Of a dead one: `permanent`, `exhausted` or `expired`.") package var reason: String?
  @Field("Of a pending one: when it is due.") package var dueAt: Timestamp?
  @Field("Which attempt it was, from 1.") package var attempt: Int
  @Field("When it began.") package var at: Timestamp
  @Field("The status that was answered; null: there was no answer.") package var status: Int?
  @Field("Why there was no status.") package var error: String?
  @Field("How long it took, in milliseconds.") package var durationMs: Double

  package init() {}
}

/// Deliveries that were given up without an attempt.
package struct DiscardedMessage: Answer {
  @Field("`discarded`.") package var kind: String
  @Field("The destination whose they are.") package var destination: String
  @Field("How many.") package var count: Int
  @Field("`person`: somebody said so; `overflow`: their destination was over its `max_backlog`.")
  package var reason: String

  package init() {}
}

/// Messages that this reader did not get.
package struct MissedMessage: Answer {
  @Field("`missed`.") package var kind: String
  @Field("How many, before its filter; null: nobody knows.") package var count: Int?
  @Field("Why, and where to look instead.") package var reason: String

  package init() {}
}

/// There are too many readers: come again later.
package struct OverloadedMessage: Answer {
  @Field("`overloaded`.") package var kind: String
  @Field("For people.") package var message: String

  package init() {}
}
