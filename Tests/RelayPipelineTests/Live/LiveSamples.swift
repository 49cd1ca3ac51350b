import RelayCore
import RelayTestSupport

@testable import RelayPipeline

/// What the tests of the stream tell of.
struct LiveSamples {
  private let envelopes = TestEnvelopes()

  func events(_ count: Int, type: String = "createdChat", body: String = "{}") -> [NewEnvelope.NewEvent] {
    envelopes.envelope(events: count, type: type, body: Array(body.utf8)).events
  }

  func received(_ count: Int, type: String = "createdChat", body: String = "{}") -> LiveNews {
    .received(events(count, type: type, body: body))
  }

  func settled(_ outcome: Settlement.Outcome = .delivered) -> LiveNews {
    let event = events(1)[0].event
    let delivery = Delivery(id: DeliveryID(rawValue: 7), event: event, destination: "crm", since: .epoch)
    return .settled([SettledAttempt(settlement: delivery.settled(outcome), delivery: delivery)])
  }

  /// What follows in a ring.
  func segment(after ring: LiveRing, withBodies: Bool = false, _ news: LiveNews...) -> LiveSegment {
    var writer = LiveWriter(
      first: ring.end, after: ring.lastID.event, offset: .zero, withBodies: withBodies)
    for one in news { writer.write(one) }
    return writer.segment()!
  }

  static let start = EventID(high: 1 << 16 | 0x7000, low: 0x8000_0000_0000_0000)

  static func ring(maxBytes: Int = 1 << 20) -> LiveRing { LiveRing(maxBytes: maxBytes, after: start) }
}

extension LivePiece {
  var text: String { bytes.text }
}

extension ArraySlice<UInt8> {
  var text: String { String(decoding: self, as: UTF8.self) }
}

extension [UInt8] {
  var text: String { String(decoding: self, as: UTF8.self) }
}
