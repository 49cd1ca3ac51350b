import RelayCore
import RelayTestSupport
import Testing

@testable import RelayPipeline

@Suite struct LiveRingTests {
  private let samples = LiveSamples()

  @Test func aRingIsBoundedInBytesAndForgetsTheOldestFirst() {
    var ring = LiveSamples.ring(maxBytes: 20_000)
    for _ in 0..<100 { ring.append(samples.segment(after: ring, samples.received(5))) }
    #expect(ring.end == 501)
    #expect(ring.start > 400 && ring.start < 501)
    #expect(ring.segment(from: 1)?.first == ring.start, "what is forgotten shows as a gap")
    #expect(ring.segment(from: 500)?.end == 501)
    #expect(ring.segment(from: 501) == nil)
  }

  @Test func theNewestStaysHoweverLargeItIs() {
    var ring = LiveSamples.ring(maxBytes: 10)
    ring.append(samples.segment(after: ring, samples.received(5)))
    #expect(ring.start == 1 && ring.end == 6)
  }

  /// A copy for sending is made once while many are sent it, and kept no longer: the ring's bound knows nothing of it.
  @Test func whatIsNoLongerNewIsMadeReadyForEachAlone() throws {
    var ring = LiveSamples.ring()
    func text(_ number: Int) throws -> SharedText {
      let segment = try #require(ring.segment(from: number))
      guard case .shared(let text, _) = segment.piece(0..<1, withBodies: false) else { throw Absence() }
      return text
    }
    var made = 0
    func take(_ text: SharedText) {
      #expect(
        text.form {
          made += 1; return String(decoding: $0, as: UTF8.self)
        }.utf8.elementsEqual(text.bytes))
    }
    ring.append(samples.segment(after: ring, samples.received(2)))
    for _ in 0..<3 { take(try text(1)) }
    #expect(made == 1)
    for _ in 0..<3 { ring.append(samples.segment(after: ring, samples.received(1))) }
    for _ in 0..<3 { take(try text(1)) }
    #expect(made == 4)
  }

  private struct Absence: Error {}

  @Test func aReaderGoesOnAfterItsLastMessage() {
    var ring = LiveSamples.ring()
    #expect(ring.place(after: ring.lastID, withBodies: false) == 1, "also where nothing has come yet")
    ring.append(samples.segment(after: ring, samples.received(2), samples.settled()))
    ring.append(samples.segment(after: ring, samples.received(1)))
    let first = ring.segment(from: 1)!
    #expect(ring.place(after: LiveID(event: first.events[1], number: 2), withBodies: false) == 3)
    #expect(ring.place(after: LiveID(event: first.events[1], number: 3), withBodies: false) == 4)
    #expect(ring.place(after: ring.lastID, withBodies: false) == 5)
  }

  /// Broken by going by the number alone: after a restart of the relay it means another message.
  @Test func anIDOfAnotherRunHasNoPlace() {
    var ring = LiveSamples.ring()
    ring.append(samples.segment(after: ring, samples.received(5)))
    let other = EventID(high: 9, low: 9)
    for number in -1...7 {
      #expect(ring.place(after: LiveID(event: other, number: number), withBodies: false) == nil)
    }
  }

  @Test func whatIsForgottenHasNoPlace() {
    var ring = LiveSamples.ring(maxBytes: 4_000)
    ring.append(samples.segment(after: ring, samples.received(5)))
    let id = LiveID(event: ring.segment(from: 1)!.events[0], number: 1)
    let last = ring.lastID
    while ring.start == 1 { ring.append(samples.segment(after: ring, samples.received(5))) }
    #expect(ring.place(after: id, withBodies: false) == nil)
    #expect(ring.place(after: last, withBodies: false) == 6, "all that follows is here")
  }

  @Test func whoWantsBodiesHasNoPlaceAmongMessagesWithoutThem() {
    var ring = LiveSamples.ring()
    ring.append(samples.segment(after: ring, samples.received(1)))
    let id = ring.lastID
    ring.append(samples.segment(after: ring, withBodies: true, samples.received(1)))
    #expect(ring.place(after: id, withBodies: true) == 2)
    #expect(ring.place(after: LiveID(event: LiveSamples.start, number: 0), withBodies: true) == nil)
    #expect(ring.place(after: LiveID(event: LiveSamples.start, number: 0), withBodies: false) == 1)
  }

  /// Broken by a ring that stays as it is: `GET /api/v1/stream` by the last id would still have what was erased.
  @Test func whatWasErasedStandsInTheRingWithoutItsBody() {
    var ring = LiveSamples.ring()
    let (ana, eva) = (samples.events(1, body: #"{"n":"Ana"}"#), samples.events(1, body: #"{"n":"Eva"}"#))
    ring.append(samples.segment(after: ring, withBodies: true, .received(ana), .received(eva)))
    ring.append(samples.segment(after: ring, .received(ana)))
    ring.forget([ana[0].event.id])
    let first = ring.segment(from: 1)!
    #expect(first.withBodies?[0..<2].text.contains("Ana") == false)
    #expect(first.withBodies?[0..<2].text.contains("Eva") == true)
    #expect(first.withBodies?[1..<2].text.contains("Eva") == true, "the others stand where they stood")
    #expect(first.messages.map { $0.body == nil } == [true, false], "nobody finds it by its text")
    #expect(first.plain[0..<2].text.contains("\(ana[0].event.id)"), "ids stay")
    #expect(ring.end == 4 && ring.place(after: ring.lastID, withBodies: false) == 4)
  }

  @Test(arguments: [
    "", "evt_1", "evt_019b7c11-0000-7000-8000-000000000000.", "evt_019b7c11-0000-7000-8000-000000000000.-1",
    "1",
  ])
  func whatIsNoIDIsNone(text: String) {
    #expect(LiveID(text) == nil)
  }

  @Test func anIDReadsAsItIsWrittenAndAnEventsIDIsOne() {
    let id = LiveID(event: LiveSamples.start, number: 12)
    #expect(LiveID("\(id)") == id)
    #expect(LiveID("\(LiveSamples.start)")?.event == LiveSamples.start)
  }
}
