import Logging
import RelayCore
import RelayTestSupport
import RelayThreads
import Testing

@testable import RelayPipeline

@Suite struct DeliveryLogTests {
  private final class Lines: Sendable {
    let all = Locked<[(message: String, metadata: Logger.Metadata)]>([])
  }

  private struct Recorder: LogHandler {
    let lines: Lines
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.trace

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
      get { metadata[key] }
      set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
      lines.all.withLock { $0.append(("\(event.message)", event.metadata ?? [:])) }
    }
  }

  private let delivery = Delivery(
    id: DeliveryID(rawValue: 7),
    event: Event(
      id: EventID("evt_0190a0b0-c0d0-7e0f-8a0b-0c0d0e0f0a0b")!,
      envelope: EnvelopeContext(source: "huggy", receivedAt: .second(0), time: nil, token: nil), type: "a",
      rawType: Array("a".utf8), company: nil, channel: nil, chat: nil, body: []),
    destination: "crm", attempts: 2, since: .second(0))

  @Test(arguments: [
    (Settlement.Outcome.retry(at: .second(9)), false, "attempt failed"),
    (.retry(at: .second(9)), true, "probe failed"),
    (.dead(.permanent), false, "dead letter"),
  ])
  func whoseAttemptFailedIsToldWithItsEvent(outcome: Settlement.Outcome, isProbe: Bool, message: String)
    throws
  {
    let lines = Lines()
    var log = DeliveryLog(logger: Logger(label: "test") { _ in Recorder(lines: lines) })
    log.attempt(
      delivery.settled(outcome), of: delivery, isProbe: isProbe,
      at: ClockReading(steady: .second(1), wall: .second(1)))
    let line = try #require(lines.all.withLock { $0.first })
    #expect(line.message == message)
    #expect(line.metadata["event"] == "evt_0190a0b0-c0d0-7e0f-8a0b-0c0d0e0f0a0b")
    #expect(line.metadata["destination"] == "crm")
    for (name, number) in [("delivery", 7), ("attempt", 3)] {
      guard case .stringConvertible(let value) = line.metadata[name] else {
        Issue.record("\(name) is no number")
        continue
      }
      #expect("\(value)" == "\(number)" && value is any BinaryInteger)
    }
  }
}
