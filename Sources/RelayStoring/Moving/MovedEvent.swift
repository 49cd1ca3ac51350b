import RelayCore

/// An event's row as it is moved from one store to another, with what its envelope says of it, and names instead of the numbers that
/// stand for them.
package struct MovedEvent: Sendable, Equatable {
  package var id: EventID
  /// The first id of what its envelope has stored together with it: see `trace`.
  package var envelope: EventID
  package var receivedAt: Timestamp
  package var source: String
  /// What has routed it.
  package var configuration: String
  package var time: [UInt8]?
  package var token: [UInt8]?
  /// nil: the one that `envelope` makes.
  package var trace: [UInt8]?
  package var type: String
  /// nil: spelled like `type`.
  package var rawType: [UInt8]?
  package var company: String?
  package var channel: String?
  package var chat: String?
  package var routes: [String]
  package var isDropped: Bool
  /// How many came with it, or when it was routed anew; those of replays are none of them.
  package var deliveries: Int
  package var erasedAt: Timestamp?
  /// Empty: it was removed.
  package var body: [UInt8]

  package init(
    id: EventID, envelope: EventID, receivedAt: Timestamp, source: String, configuration: String,
    time: [UInt8]?, token: [UInt8]?, trace: [UInt8]?, type: String, rawType: [UInt8]?, company: String?,
    channel: String?, chat: String?, routes: [String], isDropped: Bool, deliveries: Int,
    erasedAt: Timestamp?, body: [UInt8]
  ) {
    self.id = id
    self.envelope = envelope
    self.receivedAt = receivedAt
    self.source = source
    self.configuration = configuration
    self.time = time
    self.token = token
    self.trace = trace
    self.type = type
    self.rawType = rawType
    self.company = company
    self.channel = channel
    self.chat = chat
    self.routes = routes
    self.isDropped = isDropped
    self.deliveries = deliveries
    self.erasedAt = erasedAt
    self.body = body
  }

  package func add(to digest: inout RowDigest) {
    digest.addRow { row in
      row.add(id)
      row.add(envelope)
      row.add(receivedAt.microseconds)
      row.add(source)
      row.add(configuration)
      row.add(optional: time) { $0.add($1) }
      row.add(optional: token) { $0.add($1) }
      row.add(optional: trace) { $0.add($1) }
      row.add(type)
      row.add(optional: rawType) { $0.add($1) }
      row.add(optional: company) { $0.add($1) }
      row.add(optional: channel) { $0.add($1) }
      row.add(optional: chat) { $0.add($1) }
      row.add(routes.count)
      for route in routes { row.add(route) }
      row.add(isDropped)
      row.add(deliveries)
      row.add(optional: erasedAt) { $0.add($1.microseconds) }
      row.add(body)
    }
  }
}

extension RowDigest {
  package mutating func add(_ id: EventID) {
    add(id.high)
    add(id.low)
  }
}
