import RelayCore

/// A record with a group of fields that read as its own.
@dynamicMemberLookup
package protocol WithFacts {
  associatedtype Facts
  var facts: Facts { get }
}

extension WithFacts {
  package subscript<Value>(dynamicMember path: KeyPath<Facts, Value>) -> Value { facts[keyPath: path] }
}

/// What an event is, wherever it is spoken of.
package struct EventFacts: Record {
  @Field("Its type.") package var type: String
  @Field("The source that it came by.") package var source: String
  @Field("The company that it speaks of; null: none is known.") package var company: String?
  @Field("The channel that it speaks of; null: none.") package var channel: String?
  @Field("The chat that it belongs to; null: none.") package var chat: String?

  package init() {}
}

/// What the store knows of an event, beside its body and what became of it.
package struct StoredEventFacts: Record, WithFacts {
  @Field("Its id, the same for every destination and on every attempt.") package var id: String
  @Fields package var facts = EventFacts()
  @Field("When it was received.") package var receivedAt: Timestamp
  @Field("The configuration that routed it.") package var configHash: String
  @Field("The routes that matched, in their order.") package var routes: [String]

  package init() {}
}

extension StoredEventFacts {
  init(_ event: EventRecord) {
    self.init()
    id = event.id.description
    facts.type = event.type
    facts.source = event.source
    facts.company = event.company
    facts.channel = event.channel
    facts.chat = event.chat
    receivedAt = event.receivedAt
    configHash = event.configuration
    routes = event.routes
  }
}
