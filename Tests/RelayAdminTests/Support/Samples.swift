import RelayCore
import RelayPipeline

@testable import RelayAdmin

/// What the tests look at.
enum Samples {
  static let now = Timestamp(rfc3339: "2026-01-02T03:04:05.678Z")!
  static let eventID = EventID("evt_0190a0b0-c0d0-7e0f-8a0b-0c0d0e0f0a0b")!

  static func time(_ secondsBefore: Int) -> Timestamp { now.advanced(by: .seconds(-secondsBefore)) }

  static var status: RelayStatus {
    RelayStatus(
      version: "0.1.0", uptime: .milliseconds(90_500),
      store: RelayStatus.Store(kind: "sqlite", bytes: 1_288_490_188, limitBytes: 10 << 30, refusal: nil),
      destinations: [destination("crm")],
      routes: [RelayStatus.Route(name: "whatsapp-to-crm", matched: 12, dropped: 3)],
      configurationHash: "0123456789ab", configurationLoadedAt: time(3_600), reloadErrors: [])
  }

  /// Two that share a store, and have not read the same file.
  static var nodes: StoreNodes {
    StoreNodes(
      nodes: [
        StoreNodes.Node(
          name: "alpha", version: "0.1.0", configurationHash: "0123456789ab", destinations: ["bi", "crm"],
          lastSeen: now, age: .milliseconds(250), isThis: true),
        StoreNodes.Node(
          name: "beta", version: "0.1.0", configurationHash: "ba9876543210", destinations: [],
          lastSeen: time(1), age: .seconds(1), isThis: false),
      ], unserved: ["lake"], isSure: true)
  }

  static func destination(
    _ name: String, _ change: (inout DestinationStatus) -> Void = { _ in }
  ) -> DestinationStatus {
    var status = DestinationStatus(name: name)
    change(&status)
    return status
  }

  /// Of eight attempts two failed.
  static var window: AttemptWindow {
    var window = AttemptWindow(length: .seconds(300), counted: .seconds(60))
    (window.attempts, window.failed, window.time) = (8, 2, .seconds(4))
    window.classes = [.success: 6, .clientError: 2]
    window.causes = [AttemptWindow.Cause(.status(422), count: 2)]
    window.types = [
      AttemptWindow.TypeFailures(
        type: "closedChat", attempts: 2, failed: 2, cause: AttemptWindow.Cause(.status(422), count: 2))
    ]
    return window
  }

  /// Sixteen at once, of half a second each, while forty a second arrive.
  static var capacity: DestinationCapacity? {
    var window = AttemptWindow(length: .seconds(300))
    (window.attempts, window.time) = (9_600, .seconds(4_800))
    return DestinationCapacity(
      Destination(name: "crm", url: Secret("http://crm/")), window, arriving: 40, pending: 500)
  }

  /// Sixteen slots, nearly always taken.
  static let concurrencyLimit = ConcurrencyLimit.Reading(
    share: 0.97, meanDuration: .milliseconds(243), concurrency: 16)

  static func delivery(
    _ state: DeliveryState = .fresh, id: Int64 = 41, to destination: String = "crm", attempts: Int = 0,
    wait: DeliveryWait? = nil, _ change: (inout DeliveryRecord) -> Void = { _ in }
  ) -> DeliveryReport {
    var record = DeliveryRecord(
      id: DeliveryID(rawValue: id), event: eventID, type: "receivedAllMessage", receivedAt: time(192),
      destination: destination, route: "whatsapp-to-crm", configuration: "0123456789ab", run: 0, state: state,
      attempts: attempts)
    change(&record)
    return DeliveryReport(record: record, wait: wait)
  }

  static func event(
    body: String = #"{"id":1}"#, routes: [String] = ["whatsapp-to-crm"], isDropped: Bool = false,
    _ deliveries: [DeliveryReport] = []
  ) -> EventReport {
    let event = EventRecord(
      id: eventID, place: EventCursor(rawValue: 12), type: "receivedAllMessage", source: "huggy",
      company: "15691",
      channel: "whatsapp", chat: nil, receivedAt: time(192), configuration: "0123456789ab", routes: routes,
      isDropped: isDropped,
      body: Array(body.utf8), deliveries: deliveries.map(\.record))
    return EventReport(event: event, deliveries: deliveries)
  }

  static func failure(_ attempt: Int, status: Int?, error: String? = nil, answer: String? = nil)
    -> DeliveryRecord.Failure
  {
    DeliveryRecord.Failure(
      attempt: attempt, at: time(180), duration: .microseconds(12_345), status: status, error: error,
      answer: answer.map { Array($0.utf8) })
  }
}

struct FixedClock: WallClock {
  func now() -> Timestamp { Samples.now }
}
