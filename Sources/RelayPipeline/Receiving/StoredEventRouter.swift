import RelayCore
import RelayJSON

/// Asks a routing table about events that the store holds: what it answers is what the receiver would do with each of
/// them, since it looks at the same bytes in the same way.
///
/// An event's company is the one that it was stored with. So it is what its body says, else what its source (or its
/// sender's token) had in its place when the event came.
package struct StoredEventRouter {
  private let table: RoutingTable
  private let scanner: EnvelopeScanner
  private var router: RoutingTable.Router
  /// The event within a document: kept for its memory.
  private var document: [UInt8] = []

  package init(_ table: RoutingTable) {
    self.table = table
    scanner = EnvelopeScanner(fields: table.fields, maxEvents: 1)
    router = table.router
  }

  /// - Returns: Where it goes, and by which routes; nil: its body is not there (any more), and nothing can be said.
  package mutating func decide(_ event: EventRecord) -> RoutingDecision? {
    var router = router
    defer { self.router = router }
    return withView(of: event) { router.decide($0) }
  }

  /// - Returns: The same decision as `decide`, with every route's verdict; nil as there.
  package mutating func explain(_ event: EventRecord) -> Explanation? {
    withView(of: event) { [table] in table.explain($0) }
  }

  private mutating func withView<Value>(of event: EventRecord, _ body: (EventView) -> Value) -> Value? {
    // As a lone object: it stands no deeper than where it came, and what was not too deep there isn't here.
    document.removeAll(keepingCapacity: true)
    document += Array(#"{"messages":{"":"#.utf8)
    document += event.body
    document += Array("}}".utf8)
    guard let scanned = try? scanner.scan(document), let only = scanned.events.first else { return nil }
    return document.withUnsafeBufferPointer { document in
      body(
        EventView(
          source: event.source, type: event.type, fallbackCompany: event.company,
          fields: scanned.fields[only.fields], document: document))
    }
  }
}
