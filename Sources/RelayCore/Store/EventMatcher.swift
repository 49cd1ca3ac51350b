import RelayJSON

/// Whether an event fits a filter: asked in parts, as they come to hand. All parts must hold.
///
/// It keeps memory to work in, so it is a value of whoever asks.
package struct EventMatcher: Sendable {
  /// What stands beside an event's body.
  package struct Traits: Sendable {
    package var id: EventID
    package var type: String
    package var company: String?
    package var channel: String?
    package var chat: String?
    package var source: String
    /// By the wall clock.
    package var receivedAt: Timestamp

    package init(
      id: EventID, type: String, company: String?, channel: String?, chat: String?, source: String,
      receivedAt: Timestamp
    ) {
      self.id = id
      self.type = type
      self.company = company
      self.channel = channel
      self.chat = chat
      self.source = source
      self.receivedAt = receivedAt
    }
  }

  package let filter: EventFilter
  private let ids: Set<EventID>
  private var body: BodyMatcher?

  package init(_ filter: EventFilter) {
    self.filter = filter
    ids = Set(filter.ids)
    body = filter.text.map(BodyMatcher.init)
  }

  package func holds(_ traits: Traits) -> Bool {
    (ids.isEmpty || ids.contains(traits.id)) && holds(type: traits.type) && holds(company: traits.company)
      && holds(channel: traits.channel) && holds(chat: traits.chat) && holds(source: traits.source)
      && holds(receivedAt: traits.receivedAt)
  }

  package func holds(type: String) -> Bool { type.asBytes { holds(typeBytes: $0) } }

  /// In UTF-8.
  package func holds(typeBytes: UnsafeBufferPointer<UInt8>) -> Bool {
    filter.types.isEmpty || filter.types.contains { $0.matches(typeBytes) }
  }

  package func holds(company: String?) -> Bool {
    filter.companies.isEmpty || filter.companies.contains(company)
  }

  package func holds(channel: String?) -> Bool {
    filter.channels.isEmpty || filter.channels.contains(channel)
  }

  package func holds(chat: String?) -> Bool {
    filter.chats.isEmpty || (chat.map { $0.asBytes { holds(chatBytes: $0) } } ?? false)
  }

  /// In UTF-8: to String other Unicode spellings are the same text.
  package func holds(chatBytes: UnsafeBufferPointer<UInt8>) -> Bool {
    filter.chats.isEmpty || filter.chats.contains { $0.utf8.elementsEqual(chatBytes) }
  }

  package func holds(source: String) -> Bool { any(of: filter.sources, source) }

  package func holds(receivedAt time: Timestamp) -> Bool {
    filter.since.map { $0 <= time } ?? true && filter.until.map { time < $0 } ?? true
  }

  /// - Parameter routes: Those that matched it.
  package func holds(routes: [String]) -> Bool {
    filter.routes.isEmpty || routes.contains { any(of: filter.routes, $0) }
  }

  /// - Parameters:
  ///   - isDropped: The last route that matched dropped it.
  ///   - deliveries: All that it has.
  package func holds(
    isDropped: Bool, deliveries: some Collection<(destination: String, state: DeliveryState)>
  ) -> Bool {
    guard filter.asksOfDeliveries else { return true }
    let counted = deliveries.lazy.filter { any(of: filter.destinations, $0.destination) }
    if filter.outcomes.isEmpty { return !counted.isEmpty }
    if deliveries.isEmpty && filter.destinations.isEmpty {
      return filter.outcomes.contains(EventOutcome(ofUndelivered: isDropped))
    }
    return counted.contains { filter.outcomes.contains(EventOutcome($0.state)) }
  }

  /// - Parameter bytes: The event's object.
  package mutating func holds(body bytes: UnsafeBufferPointer<UInt8>) -> Bool {
    body?.holds(bytes) ?? true
  }

  package mutating func holds(body bytes: [UInt8]) -> Bool {
    bytes.withUnsafeBufferPointer { holds(body: $0) }
  }

  private func any(of patterns: [WildcardPattern], _ text: String) -> Bool {
    patterns.isEmpty || patterns.contains { $0.matches(text) }
  }
}

/// Whether an event's body holds what a condition says.
package struct BodyMatcher: Sendable {
  private enum Test: Sendable {
    case search(TextSearch)
    case field(CompiledCondition, EnvelopeScanner)
  }

  /// The scanner reads envelopes: this is one around an event.
  private static let before = Array(#"{"messages":{"":["#.utf8)
  private static let after = Array("]}}".utf8)

  private var test: Test
  private var envelope: [UInt8] = []

  package init(_ condition: BodyCondition) {
    switch condition {
    case .contains(let text): test = .search(TextSearch(text))
    case .field(let path, let pattern):
      var slots = FieldSlots()
      let condition = CompiledCondition(slot: slots.slot(for: path), test: .equalsAny([pattern]))
      test = .field(condition, EnvelopeScanner(fields: FieldTree(paths: slots.paths)))
    }
  }

  package mutating func holds(_ body: UnsafeBufferPointer<UInt8>) -> Bool {
    switch test {
    case .search(var search):
      // Not shared while it works: its memory is not copied.
      test = .search(TextSearch(""))
      defer { test = .search(search) }
      return search.isFound(in: body)
    case .field(let condition, let scanner):
      envelope.removeAll(keepingCapacity: true)
      envelope += Self.before
      envelope += body
      envelope += Self.after
      return envelope.withUnsafeBufferPointer { document in
        guard let scanned = try? scanner.scan(document), scanned.events.count == 1 else { return false }
        return condition.holds(
          in: EventView(
            source: "", type: "", fallbackCompany: nil, fields: scanned.fields[...], document: document))
      }
    }
  }
}

extension String {
  fileprivate func asBytes(_ body: (UnsafeBufferPointer<UInt8>) -> Bool) -> Bool {
    var text = self
    return text.withUTF8(body)
  }
}
