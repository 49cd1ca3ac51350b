import RelayCore

/// Events and deliveries made up for tests of the lanes.
enum Made {
  private static let context = context(receivedAt: .epoch)

  private static func context(receivedAt: Timestamp) -> EnvelopeContext {
    EnvelopeContext(source: "huggy", receivedAt: receivedAt, time: nil, token: nil)
  }

  /// Bodies are shared, so that big ones cost nothing.
  private static let bodies: [Int: [UInt8]] = Dictionary(
    uniqueKeysWithValues: [0, 100, 1 << 20, 4 << 20, 12 << 20].map { ($0, Array(repeating: 0x20, count: $0)) }
  )

  static func event(
    bytes: Int = 0, chat: String? = nil, kind: String = "t", company: String? = nil,
    received: Timestamp? = nil
  ) -> Event {
    Event(
      id: EventID(high: 0, low: 0), envelope: received.map { context(receivedAt: $0) } ?? context, type: kind,
      rawType: [], company: company, channel: nil,
      chat: chat, body: bodies[bytes]!)
  }

  static func delivery(
    _ id: Int64, to destination: String = "d", bytes: Int = 0, chat: String? = nil, kind: String = "t",
    company: String? = nil, received: Timestamp? = nil, attempts: Int = 0,
    counted: Int? = nil, since: Timestamp = .epoch, probedAt: Timestamp? = nil, due: Timestamp? = nil,
    run: Int = 0
  ) -> Delivery {
    Delivery(
      id: DeliveryID(rawValue: id),
      event: event(bytes: bytes, chat: chat, kind: kind, company: company, received: received),
      destination: destination, run: run, attempts: attempts, countedAttempts: counted, since: since,
      probedAt: probedAt, due: due)
  }

  static func destination(_ name: String = "d", concurrency: Int = 4) -> Destination {
    var destination = Destination(name: name, url: Secret("http://\(name)"))
    destination.concurrency = concurrency
    return destination
  }

  static func result(_ status: Int, retryAfter: Duration? = nil) -> AttemptResult {
    AttemptResult(
      startedAt: .epoch, duration: .zero, response: .status(status, body: [], retryAfter: retryAfter))
  }

  static func failure(_ kind: TransportFailure.Kind) -> AttemptResult {
    AttemptResult(
      startedAt: .epoch, duration: .zero, response: .failure(TransportFailure(kind: kind, message: "made up"))
    )
  }

  /// How a destination may be down.
  enum Trouble: CaseIterable {
    case refuses, hangs, unavailable, unauthorized

    var result: AttemptResult {
      switch self {
      case .refuses: Made.failure(.connectionRefused)
      case .hangs: Made.failure(.timeout)
      case .unavailable: Made.result(503)
      case .unauthorized: Made.result(401)
      }
    }
  }

  static func finished(_ id: Int64, _ status: Int, of destination: String = "d", retryAfter: Duration? = nil)
    -> FinishedAttempt
  {
    FinishedAttempt(
      delivery: DeliveryID(rawValue: id), destination: destination,
      result: result(status, retryAfter: retryAfter))
  }

  static func finished(_ id: Int64, _ kind: TransportFailure.Kind, of destination: String = "d")
    -> FinishedAttempt
  {
    FinishedAttempt(delivery: DeliveryID(rawValue: id), destination: destination, result: failure(kind))
  }
}

extension Timestamp {
  static func tick(_ seconds: Int64) -> Timestamp { Timestamp(microseconds: seconds * 1_000_000) }
  static func millisecond(_ milliseconds: Int64) -> Timestamp {
    Timestamp(microseconds: milliseconds * 1_000)
  }
}
