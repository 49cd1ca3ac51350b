import RelayCore
import RelayJSON

/// An envelope of a sender that is believed, taken apart: what its events share, and each event's id. An object: it holds much,
/// and is handed on from step to step.
final class SplitEnvelope {
  let request: IngestRequest
  let context: EnvelopeContext
  /// The first event's; the others' count up from it.
  let firstEventID: EventID
  /// The company of events that name none.
  private let company: String?
  private let scanned: ScannedEnvelope

  init(_ scanned: ScannedEnvelope, from sender: Sender, request: IngestRequest, ids: Receiver.EventIDs) {
    self.scanned = scanned
    company = sender.company
    self.request = request
    let body = request.body
    firstEventID = ids(scanned.events.count, request.received.wall)
    context = EnvelopeContext(
      source: request.entrance.source.name, receivedAt: request.received.steady,
      time: scanned.time.map { $0.spelling(in: body) }, token: sender.token.map { $0.spelling(in: body) },
      trace: request.origin.trace ?? TraceParent(madeFor: firstEventID))
  }

  var eventCount: Int { scanned.events.count }

  /// Items that are no objects, and so no events: their type, their index within it, and what they are.
  var refusedItems: [(type: String, index: Int, kind: JSONKind)] {
    scanned.rejected.map { ($0.type.text(in: request.body), $0.index, $0.kind) }
  }

  /// Hands out the events one after another, each as routing looks at it, until `body` returns false. What it is given is
  /// valid only then.
  func forEachEvent(_ body: (PlacedEvent) -> Bool) {
    request.body.withUnsafeBufferPointer { document in
      for (index, event) in scanned.events.enumerated() {
        let view = scanned.view(
          of: event, source: context.source, company: company, in: document)
        guard body(PlacedEvent(view: view, scanned: event, index: index, document: document)) else { return }
      }
    }
  }

  /// The event as it is kept: its exact bytes are copied.
  func event(_ placed: PlacedEvent) -> Event {
    let view = placed.view
    return Event(
      id: firstEventID.advanced(by: placed.index), envelope: context, type: view.type,
      rawType: Array(placed.document[placed.scanned.type.range]), company: view.company,
      channel: view.channel,
      chat: view.chat, body: Array(placed.document[placed.scanned.body]))
  }

  /// An event within its document.
  struct PlacedEvent {
    let view: EventView
    fileprivate let scanned: ScannedEvent
    /// Among the envelope's events.
    fileprivate let index: Int
    fileprivate let document: UnsafeBufferPointer<UInt8>
  }
}

extension ScannedEnvelope {
  /// An event of it as routing looks at it.
  ///
  /// - Parameter company: The event's, where it names none.
  func view(
    of event: ScannedEvent, source: String, company: String?, in document: UnsafeBufferPointer<UInt8>
  ) -> EventView {
    EventView(
      source: source, type: event.type.text(in: document), fallbackCompany: company,
      fields: fields[event.fields], document: document)
  }
}
