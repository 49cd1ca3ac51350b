import RelayCore
import RelayTestSupport
import RelayThreads
import Testing

@testable import RelayPipeline

/// The feed with its thread.
@Suite(.timeLimit(.minutes(15))) struct LiveFeedTests {
  private let samples = LiveSamples()

  private func feed(_ change: (inout LiveLimits) -> Void = { _ in }) -> LiveFeed {
    var limits = LiveLimits()
    limits.pace = .zero
    change(&limits)
    return LiveFeed(clock: ManualClock(), limits: limits)
  }

  /// All until one of the pieces holds the text.
  private func read(_ reader: LiveReader, until text: String) async -> String {
    var all = ""
    while let piece = await reader.next() {
      all += piece.text
      if all.contains(text) { return all }
    }
    return all
  }

  @Test func nobodyIsToldUntilSomebodyReads() async throws {
    let feed = feed()
    #expect(!feed.isWatched)
    let reader = try #require(feed.join(LiveSubscription()))
    #expect(feed.isWatched)
    reader.close()
    feed.stop()
    #expect(!feed.isWatched)
  }

  @Test func eachReaderGetsWhatItAsksForAndTheEnd() async throws {
    let feed = feed()
    let all = try #require(feed.join(LiveSubscription()))
    let dead = try #require(feed.join(LiveSubscription(filter: EventFilter(outcomes: [.dead]))))
    #expect(await all.next()?.text.hasPrefix(": huggy-relay\n") == true)
    #expect(await dead.next() != nil)
    feed.tell(samples.received(3))
    feed.tell(samples.settled())
    feed.tell(samples.settled(.dead(.expired)))
    feed.stop()
    let (first, second) = (await read(all, until: "never"), await read(dead, until: "never"))
    #expect(first.components(separatedBy: "event: received").count == 4)
    #expect(first.components(separatedBy: "event: settled").count == 3)
    #expect(second.components(separatedBy: "event: ").count == 2)
    #expect(first.hasSuffix("retry: \(first.components(separatedBy: "retry: ").last!)"))
    #expect(await all.next() == nil)
  }

  /// Broken by a copy for each of many readers.
  @Test func whatAllReadersTakeIsTheSameMemoryForAll() async throws {
    let feed = feed()
    let readers = try (0..<3).map { _ in try #require(feed.join(LiveSubscription())) }
    for reader in readers { _ = await reader.next() }
    feed.tell(samples.received(3))
    var texts: [SharedText] = []
    for reader in readers {
      guard case .shared(let text, let range) = await reader.next() else { return #expect(Bool(false)) }
      #expect(range == 0..<text.bytes.count)
      texts.append(text)
    }
    #expect(texts.allSatisfy { $0 === texts[0] })
    feed.stop()
  }

  @Test func aReaderThatWaitsIsWokenByWhatHappensAndByItsEnd() async throws {
    let feed = feed()
    let (first, second) = (
      try #require(feed.join(LiveSubscription())), try #require(feed.join(LiveSubscription()))
    )
    _ = (await first.next(), await second.next())
    async let told = read(first, until: "event: received")
    async let closed = second.next()
    second.close()
    #expect(await closed == nil)
    feed.tell(samples.received(1))
    #expect(await told.contains("event: received"))
    feed.stop()
  }

  @Test func thereAreOnlySoManyReadersAndOneThatLeavesMakesRoom() throws {
    let feed = feed { $0.readers = 2 }
    let stream = LiveStream(feed: feed)
    let first = try #require(stream.join(LiveSubscription()))
    let second = try #require(stream.join(LiveSubscription()))
    #expect(stream.join(LiveSubscription()) == nil)
    #expect(stream.refusal().text.contains("event: overloaded\ndata: {"))
    first.close()
    first.close()
    #expect(feed.readerCount == 1)
    #expect(stream.join(LiveSubscription()) != nil)
    second.close()
    feed.stop()
    #expect(stream.join(LiveSubscription()) == nil, "the relay stops")
    #expect(stream.refusal().text.hasPrefix("retry: "))
    #expect(!stream.refusal().text.contains("overloaded"))
  }

  /// Broken by a ring that keeps what somebody has not read.
  @Test func aReaderThatStopsCostsAsMuchAsTheRingAndIsToldWhatItMissed() async throws {
    let feed = feed { $0.ringBytes = 50_000 }
    let (slow, quick) = (
      try #require(feed.join(LiveSubscription())), try #require(feed.join(LiveSubscription()))
    )
    _ = (await slow.next(), await quick.next())
    for _ in 0..<200 {
      feed.tell(samples.received(10))
      #expect(await quick.next()?.text.contains("event: received") == true)
    }
    #expect(feed.look { $0.ring.end - $0.ring.start } < 200)
    let text = await read(slow, until: "event: received")
    let first = feed.look { $0.ring.start }
    #expect(text.hasPrefix("event: missed\ndata: {\"kind\":\"missed\",\"count\":\(first - 1),"))
    feed.stop()
  }

  /// What comes faster than it is written finds no room: each reader is told.
  @Test func whatFindsNoRoomIsAGapThatReadersAreToldOf() async throws {
    let feed = feed { $0.pace = .seconds(3_600) }
    let reader = try #require(feed.join(LiveSubscription()))
    _ = await reader.next()
    feed.tell(samples.received(1))
    #expect(await reader.next()?.text.contains("event: received") == true, "the next is an hour off")
    let large = samples.received(1, body: "{\"a\":\"\(String(repeating: "x", count: 9 << 20))\"}")
    for _ in 0..<2 { feed.tell(large) }
    for _ in 0..<5 { feed.tell(samples.received(1)) }
    feed.stop()
    let text = await read(reader, until: "\"count\":5,")
    #expect(text.contains("event: missed"))
  }

  private static let ana = "5575999990000"

  private func ofAna() -> [NewEnvelope.NewEvent] { samples.events(1, body: #"{"m":"\#(Self.ana)"}"#) }

  @Test func whatIsErasedBeforeItIsWrittenIsToldToNobody() async throws {
    let feed = feed { $0.pace = .seconds(3_600) }
    let reader = try #require(feed.join(LiveSubscription(withBodies: true)))
    _ = await reader.next()
    feed.tell(samples.received(1))
    _ = await reader.next()
    let ana = ofAna()
    feed.tell(.received(ana))
    feed.tell(samples.received(1, body: #"{"m":"another"}"#))
    feed.forget([ana[0].event.id])
    feed.stop()
    let text = await read(reader, until: "never")
    #expect(!text.contains(Self.ana) && text.contains("another"))
  }

  /// Broken by remembering what was erased only as long as the feed's thread had something in its hands then.
  @Test func whatIsErasedAndWrittenLongAfterIsToldToNobody() async throws {
    let feed = feed { ($0.pace, $0.heartbeat) = (.seconds(3_600), .milliseconds(100)) }
    let reader = try #require(feed.join(LiveSubscription(withBodies: true)))
    _ = await reader.next()
    feed.tell(samples.received(1))
    _ = await read(reader, until: "event: received")
    let ana = ofAna()
    feed.tell(.received(ana))
    feed.tell(samples.received(1, body: #"{"m":"another"}"#))
    feed.forget([ana[0].event.id])
    // A sign of life comes with a look at the readers.
    for _ in 0..<2 { _ = await reader.next() }
    feed.stop()
    let text = await read(reader, until: "never")
    #expect(!text.contains(Self.ana) && text.contains("another"))
  }

  /// Broken by a look at the ring and at what is not written yet alone.
  @Test func whatIsErasedWhileItIsBeingWrittenIsToldToNobody() async throws {
    let clock = StoppingClock()
    var limits = LiveLimits()
    limits.pace = .zero
    let feed = LiveFeed(clock: clock, limits: limits)
    let reader = try #require(feed.join(LiveSubscription(withBodies: true)))
    _ = await reader.next()
    let ana = ofAna()
    clock.stop()
    feed.tell(.received(ana))
    // The feed's thread has it in its hands, and asks what time it is.
    await clock.isAsked.value
    feed.forget([ana[0].event.id])
    clock.goOn()
    feed.tell(samples.received(1, body: #"{"m":"another"}"#))
    feed.stop()
    let text = await read(reader, until: "never")
    #expect(!text.contains(Self.ana) && text.contains("another"))
  }

  /// Broken by writing a body that is not there: what is no JSON.
  @Test func anEventOfTheStoreWhoseBodyIsGoneIsToldWithoutIt() async throws {
    let feed = feed()
    let record = EventRecord(
      id: samples.events(1)[0].event.id, place: EventCursor(rawValue: 3), type: "a", source: "huggy",
      company: nil, channel: nil, chat: nil, receivedAt: .second(1), configuration: "c1", routes: [],
      isDropped: false, body: [], bodyBytes: 0, erasedAt: .second(2), deliveries: [])
    let reader = try #require(
      feed.join(LiveSubscription(filter: EventFilter(since: .second(0)), withBodies: true)) { _ in
        EventPage(events: [record], next: nil, reached: nil)
      })
    _ = await reader.next()
    let text = try #require(await reader.next()?.text)
    #expect(text.contains("\(record.id)") && !text.contains(#""body""#) && text.hasSuffix("}\n\n"))
    feed.stop()
  }

  /// Broken by a ring that stays when nothing is put into it any more: a reader that comes back would miss what came between.
  @Test func whoComesBackAfterNobodyHasReadForLongIsToldOutOfTheStore() async throws {
    let feed = feed { $0.linger = .zero }
    let reader = try #require(feed.join(LiveSubscription()))
    _ = await reader.next()
    feed.tell(samples.received(1))
    let text = try #require(await reader.next()?.text)
    let id = try #require(LiveID(String(text.split(separator: "\n")[0].dropFirst(4))))
    reader.close()
    while feed.isWatched { await Task.yield() }
    let asked = Tally()
    let again = try #require(
      feed.join(LiveSubscription(after: id)) { _ in
        asked.add()
        return EventPage(events: [], next: nil, reached: nil)
      })
    _ = await again.next()
    async let next = again.next()
    await asked.reach(1)
    feed.stop()
    #expect(await next?.text.hasPrefix("retry: ") == true)
  }

  @Test func theStoreIsAskedForWhatWasMissed() async throws {
    let feed = feed()
    let record = EventRecord(
      id: samples.events(1)[0].event.id, place: EventCursor(rawValue: 3), type: "a", source: "huggy",
      company: nil,
      channel: nil, chat: nil, receivedAt: .second(1), configuration: "c1", routes: ["all"], isDropped: false,
      body: Array("{\"b\":1}".utf8), deliveries: [])
    let reader = try #require(
      feed.join(LiveSubscription(filter: EventFilter(since: .second(0)), withBodies: true)) { request in
        #expect(request.withBodies)
        return EventPage(events: [record], next: nil, reached: nil)
      })
    _ = await reader.next()
    let text = try #require(await reader.next()?.text)
    #expect(text.hasPrefix("id: \(record.id).0\nevent: received\ndata: {"))
    #expect(text.contains(#""outcomes":["unrouted"]"#) && text.contains(#""body":{"b":1}}"#))
    feed.stop()
  }
}

/// A clock that lets whoever asks it wait, from when it is stopped until it goes on.
private final class StoppingClock: SteadyClock {
  private let inner = ManualClock()
  private let isStopped = Monitor(false)
  /// Somebody waits.
  let isAsked = Promise<Void>("a question for the time")

  func stop() { isStopped.update { $0 = true } }
  func goOn() { isStopped.update { $0 = false } }

  func now() -> Timestamp { inner.now() }

  func reading() -> ClockReading {
    isStopped.wait { isStopped in
      if isStopped, !isAsked.isKept { isAsked.keep(()) }
      return isStopped ? .sleep(nil) : .done(())
    }
    return inner.reading()
  }

  var history: ClockHistory { inner.history }
  func resume(from kept: KeptClock?) {}
  func kept() -> KeptClock { inner.kept() }
}
