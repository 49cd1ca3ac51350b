import RelayCore
import RelayTestSupport
import Testing

@testable import RelayPipeline

/// What a reader is sent next, without a clock, a thread or a socket.
@Suite struct LiveReaderStateTests {
  private let samples = LiveSamples()
  private let start = ContinuousClock.now

  private func reader(_ subscription: LiveSubscription = LiveSubscription()) -> LiveReaderState {
    LiveReaderState(subscription, limits: LiveLimits(), jitter: 0.5, now: start)
  }

  private func view(_ ring: LiveRing, after seconds: Int = 0, isStopping: Bool = false)
    -> LiveReaderState.View
  {
    LiveReaderState.View(ring: ring, isStopping: isStopping, now: start.advanced(by: .seconds(seconds)))
  }

  private func sent(_ step: LiveReaderState.Step) throws -> String {
    guard case .send(let text) = step else { throw Unexpected(step: "\(step)") }
    return text.text
  }

  private func read(_ step: LiveReaderState.Step) throws -> (segment: LiveSegment, range: Range<Int>) {
    guard case .read(let segment, let range) = step else { throw Unexpected(step: "\(step)") }
    return (segment, range)
  }

  private struct Unexpected: Error {
    var step: String
  }

  @Test func aStreamBeginsWithACommentItsPlaceAndHowLongToWaitBeforeTheNext() throws {
    var reader = reader()
    let ring = LiveSamples.ring()
    #expect(try sent(reader.next(view(ring))) == ": huggy-relay\nid: \(ring.lastID)\nretry: 4000\n\n")
  }

  @Test func aReaderGetsWhatComesAfterItCame() throws {
    var ring = LiveSamples.ring()
    ring.append(samples.segment(after: ring, samples.received(3)))
    var reader = reader()
    _ = reader.next(view(ring))
    guard case .wait = reader.next(view(ring)) else {
      return #expect(Bool(false), "what came before is not its")
    }
    ring.append(samples.segment(after: ring, samples.received(2)))
    #expect(try read(reader.next(view(ring))).range == 0..<2)
    guard case .wait = reader.next(view(ring)) else { return #expect(Bool(false), "each once") }
  }

  @Test func afterFifteenSecondsOfSilenceThereIsASignOfLifeWithThePlace() throws {
    let ring = LiveSamples.ring()
    var reader = reader()
    _ = reader.next(view(ring))
    guard case .wait(let due) = reader.next(view(ring, after: 14)) else { return #expect(Bool(false)) }
    #expect(due == start.advanced(by: .seconds(15)))
    #expect(try sent(reader.next(view(ring, after: 15))) == ":\nid: \(ring.lastID)\n\n")
    reader.sent(at: start.advanced(by: .seconds(15)))
    guard case .wait(let next) = reader.next(view(ring, after: 15)) else { return #expect(Bool(false)) }
    #expect(next == start.advanced(by: .seconds(30)))
  }

  @Test func aReaderThatIsTooSlowIsToldWhatItMissedAndGoesOn() throws {
    var ring = LiveSamples.ring(maxBytes: 10_000)
    var reader = reader()
    _ = reader.next(view(ring))
    for _ in 0..<40 { ring.append(samples.segment(after: ring, samples.received(2))) }
    let missed = try sent(reader.next(view(ring)))
    #expect(missed.hasPrefix("event: missed\ndata: {\"kind\":\"missed\",\"count\":\(ring.start - 1),"))
    #expect(try read(reader.next(view(ring))).segment.first == ring.start)
  }

  @Test func aPieceIsBoundedAndTheRestFollows() throws {
    var ring = LiveSamples.ring(maxBytes: 8 << 20)
    var reader = reader()
    _ = reader.next(view(ring))
    ring.append(samples.segment(after: ring, samples.received(3_000)))
    var (next, pieces) = (0, 0)
    while next < 3_000 {
      let (segment, range) = try read(reader.next(view(ring)))
      #expect(range.lowerBound == next)
      #expect(segment.plain[range].count <= LiveLimits().pieceBytes)
      (next, pieces) = (range.upperBound, pieces + 1)
    }
    #expect(pieces > 2)
  }

  @Test func afterAnHourAStreamEnds() {
    let ring = LiveSamples.ring()
    var reader = reader()
    _ = reader.next(view(ring))
    guard case .end(let text) = reader.next(view(ring, after: 3_600)) else { return #expect(Bool(false)) }
    #expect(text.text == "retry: 4000\n\n")
    guard case .end([]) = reader.next(view(ring, after: 3_600)) else { return #expect(Bool(false)) }
  }

  @Test func atTheRelaysEndAReaderGetsTheRestFirstAndIsToldToComeLater() throws {
    var ring = LiveSamples.ring()
    var reader = reader()
    _ = reader.next(view(ring))
    ring.append(samples.segment(after: ring, samples.received(2)))
    #expect(try read(reader.next(view(ring, isStopping: true))).range == 0..<2)
    guard case .end(let text) = reader.next(view(ring, isStopping: true)) else { return #expect(Bool(false)) }
    #expect(text.text == "retry: 6000\n\n")
  }

  @Test func aReaderThatComesBackGoesOnInTheRing() throws {
    var ring = LiveSamples.ring()
    ring.append(samples.segment(after: ring, samples.received(3)))
    let id = LiveID(event: ring.segment(from: 1)!.events[0], number: 1)
    var reader = reader(LiveSubscription(after: id))
    _ = reader.next(view(ring))
    #expect(try read(reader.next(view(ring))).range == 1..<3)
  }

  /// As after a restart: the store is asked, from a second before on, then the ring goes on where the answer was.
  @Test func whatIsNotInTheRingComesOutOfTheStoreAndNothingComesTwice() throws {
    var ring = LiveSamples.ring()
    let last = EventID(high: 1_800_000_000_000 << 16 | 0x7000, low: 0x8000_0000_0000_0001)
    var reader = reader(LiveSubscription(after: LiveID(event: last, number: 40)))
    let hello = try sent(reader.next(view(ring)))
    #expect(hello.contains("event: missed"), "what became of deliveries is not in the store's answer")
    guard case .recall(let first) = reader.next(view(ring)) else { return #expect(Bool(false)) }
    #expect(first.order == .oldestFirst && first.after == nil)
    #expect(first.filter.since == Timestamp(microseconds: 1_799_999_999_000_000))
    _ = reader.recalled([last], next: EventCursor(rawValue: 5))
    guard case .recall(let second) = reader.next(view(ring)) else { return #expect(Bool(false)) }
    #expect(second.after == EventCursor(rawValue: 5))
    // Committed before the store was read, written after: in both.
    let both = samples.events(2)
    ring.append(samples.segment(after: ring, .received(both)))
    _ = reader.recalled([both[0].event.id], next: nil)
    let (segment, range) = try read(reader.next(view(ring)))
    #expect(range == 0..<2)
    #expect(!reader.takesAll)
    #expect(reader.wasSent(segment.messages[0]) && !reader.wasSent(segment.messages[1]))
  }

  @Test func whoAsksForThePastAloneGetsItWithoutALoss() throws {
    let ring = LiveSamples.ring()
    var reader = reader(LiveSubscription(filter: EventFilter(since: .second(5))))
    #expect(try !sent(reader.next(view(ring))).contains("missed"))
    guard case .recall(let request) = reader.next(view(ring)) else { return #expect(Bool(false)) }
    #expect(request.filter.since == .second(5))
  }

  @Test func aReaderThatWasAwayForLongIsToldThatTooMuchHasComeIn() {
    let ring = LiveSamples.ring()
    var reader = reader(LiveSubscription(after: LiveID(event: samples.events(1)[0].event.id, number: 9)))
    _ = reader.next(view(ring))
    var told: [UInt8] = []
    var pages = 0
    while told.isEmpty, pages < 10_000 {
      guard case .recall = reader.next(view(ring)) else { break }
      told = reader.recalled(samples.events(200).map(\.event.id), next: EventCursor(rawValue: 5))
      pages += 1
    }
    #expect(pages == 500)
    #expect(told.text.contains("event: missed"))
    guard case .wait = reader.next(view(ring)) else { return #expect(Bool(false), "it goes on from now on") }
  }
}
