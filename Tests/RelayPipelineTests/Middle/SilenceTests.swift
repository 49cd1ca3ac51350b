import RelayCore
import RelayTestSupport
import Testing

@testable import RelayPipeline

/// Sources that are silent, and destinations that are late, over the real store.
@Suite(.timeLimit(.minutes(15))) struct SilenceTests {
  private static let rule = QuietRule(limit: .seconds(1_800))

  private static func configuration(keep: StoreSettings.Keep = .all) -> Configuration {
    .middle {
      $0.sources[0].quietAfter = rule
      $0.store.keep = keep
    }
  }

  private func huggy(_ middle: Middle) async throws -> SourceStatus {
    try #require(try await middle.status().sources.first { $0.name == "huggy" })
  }

  @Test func aSourceFallsSilentAndIsHeardAgain() async throws {
    let middle = try await Middle(Self.configuration())
    await middle.receive()
    await middle.pass(.seconds(1_799))
    #expect(try await !huggy(middle).isSilent)
    await middle.pass(.seconds(600))
    #expect(
      try await huggy(middle).silence == SourceSilence(since: .second(1_800)),
      "since it was due, not since somebody looked")
    #expect(try await middle.metricsText().contains("\nhuggy_relay_source_silent{source=\"huggy\"} 1\n"))
    await middle.receive(from: 2)
    #expect(try await huggy(middle).silence == SourceSilence(since: nil))
    let text = try await middle.metricsText()
    #expect(text.contains("\nhuggy_relay_source_silent{source=\"huggy\"} 0\n"))
    #expect(!text.contains("huggy_relay_source_silent{source=\"closed\"}"), "nothing says when that one is")
  }

  /// Broken by a count that begins anew with each start, or goes on while nobody can be heard.
  @Test func aRestartGoesOnFromTheLastEnvelopeOfTheStore() async throws {
    let middle = try await Middle(Self.configuration())
    await middle.pass(.seconds(100))
    await middle.receive()
    await middle.answerAll()
    await middle.pass(.seconds(600))
    let again = try await Middle(Self.configuration(), in: middle.end(), at: .second(1_000))
    #expect(try await huggy(again).lastEnvelope == .second(100))
    #expect(try await !huggy(again).isSilent)
    // Up to the end of the first run 600 seconds had passed.
    await again.pass(.seconds(1_199))
    #expect(try await !huggy(again).isSilent)
    await again.pass(.seconds(1))
    #expect(try await huggy(again).silence == SourceSilence(since: .second(2_200)))
    let third = try await Middle(Self.configuration(), in: again.end(), at: .second(2_500))
    #expect(
      try await huggy(third).silence == SourceSilence(since: .second(2_200)), "it is still the same silence")
  }

  /// Broken by a relay that calls a source silent since a load balancer gives all to another one.
  @Test func relaysThatShareAStoreHearForOneAnother() async throws {
    let middle = try await Middle(Self.configuration())
    await middle.pass(.seconds(100))
    await middle.receive()
    await middle.answerAll()
    // What another one has taken in stands in the store, and nowhere else.
    let metrics = RelayMetrics(Self.configuration())
    let watch = SilenceWatch(
      clock: middle.clock, metrics: metrics, patience: .unhurried, isShared: { true })
    let source = Self.configuration().sources[0]
    watch.listen(for: Self.configuration())
    await watch.begin(Self.configuration(), lookup: middle.lookup, downTime: nil)
    await middle.pass(.seconds(1_000))
    await middle.receive(from: 2)
    await middle.answerAll()
    await middle.pass(.seconds(1_700))
    // 2,700 seconds after the last one that it knows of.
    while metrics.source("huggy").lastHeardAt != .second(1_100) {
      #expect(watch.silence(of: source) == SourceSilence(since: nil))
      await Task.yield()
    }
    #expect(watch.silence(of: source) == SourceSilence(since: nil))
    await middle.pass(.seconds(100))
    while watch.silence(of: source) == SourceSilence(since: nil) { await Task.yield() }
    #expect(watch.silence(of: source) == SourceSilence(since: .second(2_900)))
  }

  @Test func whereNotAllIsStoredARestartCountsAnew() async throws {
    let middle = try await Middle(Self.configuration(keep: .routed))
    await middle.receive()
    await middle.answerAll()
    await middle.receive(type: "nothing", from: 2)
    let again = try await Middle(Self.configuration(keep: .routed), in: middle.end(), at: .second(1_750))
    await again.pass(.seconds(100))
    #expect(try await !huggy(again).isSilent)
    await again.pass(.seconds(1_700))
    #expect(try await huggy(again).isSilent)
  }

  @Test func aSourceThatWasNeverHeardIsCountedFromWhereItIsListenedFor() async throws {
    let middle = try await Middle(Self.configuration())
    await middle.pass(.seconds(1_000))
    middle.source.write { $0.sources.append(Source(name: "new", quietAfter: Self.rule)) }
    _ = try await carryOut(middle) { controller async throws(OperationError) in try await controller.reload()
    }
    await middle.pass(.seconds(800))
    let sources = try await middle.status().sources
    #expect(sources.filter(\.isSilent).map(\.name) == ["huggy"])
    await middle.pass(.seconds(1_000))
    #expect(try await middle.status().sources.filter(\.isSilent).map(\.name) == ["huggy", "new"])
  }

  /// Broken by what is remembered of it: nobody could hear it while it was not configured.
  @Test func aSourceThatComesBackIsListenedForFromThenOn() async throws {
    let middle = try await Middle(Self.configuration())
    func reload(_ change: @escaping @Sendable (inout Configuration) -> Void) async throws {
      middle.source.write(change)
      _ = try await carryOut(middle) { controller async throws(OperationError) in
        try await controller.reload()
      }
    }
    try await reload { $0.sources.append(Source(name: "new", quietAfter: Self.rule)) }
    await middle.pass(.seconds(100))
    try await reload { $0.sources.removeAll { $0.name == "new" } }
    await middle.pass(.seconds(5_000))
    try await reload { $0.sources.append(Source(name: "new", quietAfter: Self.rule)) }
    await middle.pass(.seconds(1_799))
    #expect(try await !middle.status().sources.filter(\.isSilent).map(\.name).contains("new"))
    await middle.pass(.seconds(1))
    #expect(try await middle.status().sources.filter(\.isSilent).map(\.name).contains("new"))
  }

  @Test func aReloadBringsAnotherRule() async throws {
    let middle = try await Middle(Self.configuration())
    await middle.receive()
    await middle.pass(.seconds(700))
    middle.source.write { $0.sources[0].quietAfter = QuietRule(limit: .seconds(600)) }
    _ = try await carryOut(middle) { controller async throws(OperationError) in try await controller.reload()
    }
    #expect(try await huggy(middle).silence == SourceSilence(since: .second(600)))
  }

  // MARK: Late

  private func crm(_ middle: Middle) async throws -> DestinationStatus {
    try #require(try await middle.status().destinations.first { $0.name == "crm" })
  }

  /// Broken by what is merely old.
  @Test func whatIsDueAndNotSentIsLateAndWhatWaitsForItsTimeIsNot() async throws {
    let middle = try await Middle(
      .middle {
        $0.destination("crm") {
          ($0.concurrency, $0.lateAfter) = (1, .seconds(60))
          $0.retry.initial = .seconds(3_600)
          $0.retry.maxDelay = .seconds(3_600)
          $0.retry.jitter = 0
        }
      })
    await middle.receive()
    try await middle.answer(middle.request(), 503)
    await middle.pass(.seconds(600))
    #expect(try await !crm(middle).isLate, "it is old, and waits for its next time")
    await middle.receive(2, from: 2)
    await middle.pass(.seconds(59))
    #expect(try await !crm(middle).isLate)
    await middle.pass(.seconds(1))
    #expect(try await crm(middle).isLate, "the second one waits behind the first")
    #expect(try await middle.metricsText().contains("\nhuggy_relay_late{destination=\"crm\"} 1\n"))
    await middle.answerAll()
    #expect(try await !crm(middle).isLate)
  }

  /// Broken by what was read of the store a moment ago, and counts as of now: it has been sent meanwhile.
  @Test func whatWasSentInTimeIsNotToldAsLate() async throws {
    let middle = try await Middle(
      .middle { $0.destination("crm") { ($0.concurrency, $0.lateAfter) = (1, .seconds(60)) } })
    func standing() async throws -> NoticeState.Standing? {
      let facts = try await middle.during { [controller = middle.controller] in
        await controller.statusReader.noticeFacts()
      }
      await middle.rest()
      return facts?.states[NoticeSamples.key(.late)]?.standing
    }
    await middle.receive(2)
    await middle.pass(.seconds(55))
    #expect(try await standing() == .off)
    await middle.answerAll()
    await middle.pass(.seconds(10))
    #expect(try await standing() == .off)
    // And what has not been sent is told as soon as it is late.
    await middle.receive(2, from: 3)
    _ = try await crm(middle)
    await middle.pass(.seconds(59))
    #expect(try await standing() == .off)
    await middle.pass(.seconds(1))
    #expect(try await standing() == .on)
  }

  // MARK: By hand

  private func publish(_ middle: Middle, _ number: Int, to source: String = "huggy") async throws {
    let entry = AuditEntry(
      at: middle.clock.reading().wall, who: "ana", role: "operator", what: "sources/publish",
      target: #"\#(source) {"again":true}"#, reason: nil)
    _ = try await middle.controller.beginAudit(entry)
    middle.clock.advance(by: .milliseconds(20))
    let events = Array(repeating: #"{"id":\#(number)}"#, count: 10).joined(separator: ",")
    let envelope = Array(#"{"messages":{"createdChat":[\#(events)]}}"#.utf8)
    #expect(try await middle.controller.publish(envelope, to: source, again: true).status == 200)
    await middle.rest()
  }

  /// Broken by a start that takes what a person has put in for the source's own.
  @Test func whatAPersonHasPutInIsNotHeardOfItsSourceByTheNextRunEither() async throws {
    let middle = try await Middle(Self.configuration())
    await middle.pass(.seconds(100))
    await middle.receive()
    await middle.pass(.seconds(600))
    // More than a page of the search holds.
    for number in 100..<112 { try await publish(middle, number) }
    try await publish(middle, 500, to: "closed")
    await middle.answerAll()
    let again = try await Middle(Self.configuration(), in: middle.end(), at: .second(1_000))
    #expect(try await huggy(again).lastEnvelope == .second(100))
    await again.receive(from: 900)
    await again.pass(.seconds(1))
    try await publish(again, 901)
    await again.answerAll()
    let third = try await Middle(Self.configuration(), in: again.end(), at: .second(1_500))
    #expect(try await huggy(third).lastEnvelope == .second(1_000))
  }

  @Test func whereAllWasPutInByAPersonTheCountBeginsAtTheStart() async throws {
    let middle = try await Middle(Self.configuration())
    try await publish(middle, 1)
    await middle.answerAll()
    let again = try await Middle(Self.configuration(), in: middle.end(), at: .second(1_000))
    #expect(try await huggy(again).lastEnvelope == nil)
    await again.pass(.seconds(1_799))
    #expect(try await !huggy(again).isSilent)
    await again.pass(.seconds(1))
    #expect(try await huggy(again).isSilent)
  }

  @Test(
    arguments: [
      ([], [0], nil), ([5], [], 5), ([5], [5], nil), ([5], [4], nil), ([5], [6], 5),
      // Too long before it: that one came to nothing.
      ([20], [9], 20), ([20], [10], nil),
      // One is put in, and one comes of itself: which is which nobody knows, but one of them came.
      ([5, 6], [4], 6), ([5, 6], [4, 4], nil), ([6, 5], [5, 4], nil), ([5, 6, 30], [29, 4], 6),
      // Those of one envelope.
      ([5, 5, 5], [4], nil),
    ] as [([Int], [Int], Int?)])
  func eachPublishingComesToOneEnvelope(_ received: [Int], _ published: [Int], _ posted: Int?) {
    let heard = PublishedEvents.newestPosted(
      of: received.map { .second($0) }, published: published.map { .second($0) })
    #expect(heard == posted.map { .second($0) })
  }

  // MARK: Paused

  @Test func aPausedDestinationIsNeverLate() async throws {
    let middle = try await Middle(.middle { $0.destination("crm") { $0.lateAfter = .seconds(60) } })
    _ = try await carryOut(middle) { controller async throws(OperationError) in
      try await controller.pause("crm", until: nil)
    }
    await middle.receive()
    await middle.pass(.seconds(600))
    let status = try await crm(middle)
    #expect(status.oldestDue == .seconds(600) && !status.isLate)
  }
}
