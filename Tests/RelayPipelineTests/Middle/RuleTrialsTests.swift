import Foundation
import RelayCore
import RelayTestSupport
import Testing

@testable import RelayPipeline

/// Other rules, tried on what a real store holds.
@Suite(.timeLimit(.minutes(15))) struct RuleTrialsTests {
  private static let names = ["x", "y", "z"]

  private static func configuration(_ routes: [Route], hash: String) -> Configuration {
    Configuration(
      sources: RandomRouting.sources.map {
        Source(name: $0, company: $0 == "test" ? "12" : nil, dedupe: nil)
      },
      destinations: names.map { Destination(name: $0, url: Secret("http://\($0)/")) }, routes: routes,
      hash: hash)
  }

  /// What is predicted of each event is what becomes of it when it comes again, by the other rules.
  @Test func aBacktestPredictsExactlyWhatTheOtherRulesDo() async throws {
    var random = RandomRouting(random: SplitMix64(seed: 99))
    // Routes that take nearly everything would end the routing of nearly everything.
    let (old, new) = (Self.quiet(random.routes(50)), Self.quiet(random.routes(50)))
    let envelopes = (0..<100).map { _ in Self.envelope(&random, events: 50) }
    let before = try await Middle(Self.configuration(old, hash: "old"))
    let after = try await Middle(Self.configuration(new, hash: "new"))
    var (first, second): ([EventID], [EventID]) = ([], [])
    for envelope in envelopes {
      first += try await post(envelope, to: before)
      second += try await post(envelope, to: after)
    }
    before.source.state.withLock {
      $0.texts["new"] = HandedConfiguration(
        configuration: Self.configuration(new, hash: "new"), references: ValueReferences(), warnings: [])
    }
    let reports = try await backtest(
      BacktestRequest(configuration: "new", maxEvents: 700, examples: .max), before)
    #expect(reports.count > 3)
    #expect(reports.map(\.counts.events).reduce(0, +) == 5_000)
    let changes = Dictionary(grouping: reports.flatMap(\.examples), by: \.event)
    let (routed, routedAnew) = (try await destinations(in: before), try await destinations(in: after))
    var changed = 0
    for (old, new) in zip(first, second) {
      var predicted = try #require(routed[old])
      for change in changes[old] ?? [] {
        switch change.kind {
        case .gained: predicted.insert(change.destination)
        case .lost: predicted.remove(change.destination)
        }
      }
      if changes[old] != nil { changed += 1 }
      try #require(predicted == routedAnew[new])
    }
    #expect(changed > 500 && changed < 4_900, "\(changed)")
  }

  /// Without what drops or stops at every event.
  private static func quiet(_ routes: [Route]) -> [Route] {
    routes.filter { $0.match != Match() || ($0.action != .drop && !$0.stop) }
  }

  private static func envelope(_ random: inout RandomRouting, events: Int) -> (path: String, text: String) {
    let all = (0..<events).map { _ in random.event() }
    return (
      "/\(all[0].source)",
      #"{"messages":{\#(all.map { "\"\($0.type)\":[\($0.body)]" }.joined(separator: ","))}}"#
    )
  }

  private func post(_ envelope: (path: String, text: String), to middle: Middle) async throws -> [EventID] {
    let reply = await middle.post(envelope.text, to: envelope.path).value
    try #require(reply.status == 200)
    let answer = try JSONSerialization.jsonObject(with: Data(reply.body)) as? [String: Any]
    return try #require(answer?["events"] as? [String]).compactMap { EventID($0) }
  }

  /// Of all its events.
  private func destinations(in middle: Middle) async throws -> [EventID: Set<String>] {
    var (request, found) = (EventPageRequest(limit: 500), [EventID: Set<String>]())
    repeat {
      let page = try await middle.controller.exported(request)
      for event in page.events { found[event.id] = Set(event.deliveries.map(\.destination)) }
      request.after = page.next
    } while request.after != nil
    return found
  }

  /// All its answers.
  private func backtest(_ request: BacktestRequest, _ middle: Middle) async throws -> [BacktestReport] {
    var (request, reports): (BacktestRequest, [BacktestReport]) = (request, [])
    repeat {
      let asked = request
      let report = try await middle.controller.backtest(asked)
      reports.append(report)
      request.after = report.next
    } while request.after != nil
    return reports
  }

  // MARK: Asking

  @Test func anEventIsExplainedByTheRunningRulesOrByOthers() async throws {
    let middle = try await Middle(.middle())
    middle.source.state.withLock {
      $0.texts["other"] = HandedConfiguration(
        configuration: .middle { $0.routes.removeAll { $0.name == "chats" } }, references: ValueReferences(),
        warnings: [])
    }
    let id = try #require(
      try await post(("/huggy", #"{"messages":{"createdChat":[{"id":1}]}}"#), to: middle).first)
    let running = try #require(try await middle.controller.explain(id, by: nil))
    #expect(running.events.map(\.explanation.decision.matched) == [[1]])
    #expect(running.stored?.routes == ["chats"])
    let other = try #require(try await middle.controller.explain(id, by: "other"))
    #expect(other.events.map(\.explanation.decision.matched) == [[]])
    let unknown = EventRecord.made(77).id
    #expect(try await middle.controller.explain(unknown, by: nil) == nil)
  }

  @Test func anEnvelopeIsExplainedAsTheReceiverWouldTakeIt() async throws {
    let middle = try await Middle(.middle())
    let body = Array(#"{"messages":{"createdChat":[{"id":1},7]},"token":"s3cret-token"}"#.utf8)
    let report = try await middle.controller.explain(envelope: body, by: nil)
    #expect(report.source == "closed" && report.isTokenValid)
    #expect(report.events.count == 1 && report.rejected.count == 1)
    let error = await #expect(throws: OperationError.self) {
      try await middle.controller.explain(envelope: Array("[".utf8), by: nil)
    }
    #expect(error?.message.contains("serve would refuse this envelope with 400") == true)
  }

  private func receive(_ count: Int, to middle: Middle) async {
    let events = Array(repeating: "{}", count: count).joined(separator: ",")
    #expect(await middle.post(#"{"messages":{"stranger":[\#(events)]}}"#).value.status == 200)
  }

  @Test func anAnswerLooksAtNoMoreEventsThanItIsToldAndTheNextGoesOnThere() async throws {
    let middle = try await Middle(.middle())
    await receive(450, to: middle)
    var request = BacktestRequest(maxEvents: 250)
    let first = try await middle.controller.backtest(request)
    #expect(first.counts.events == 250 && first.next != nil && first.reached != nil)
    request.after = first.next
    let second = try await middle.controller.backtest(request)
    #expect(second.counts.events == 200 && second.next == nil)
  }

  /// Broken by an answer that takes as long as the store is large: whoever waits for it gives up.
  @Test func anAnswerThatTakesLongGoesOnInTheNext() async throws {
    let middle = try await Middle(.middle())
    await receive(700, to: middle)
    let configuration = Configuration.middle()
    let active = ActiveConfiguration(configuration, loadedAt: .second(0))
    let watch = StoreWatch(metrics: middle.metrics, clock: middle.clock, logger: middle.recorder.logger)
    let trials = RuleTrials(
      configuration, active: active,
      asked: PatientStore(
        store: middle.store, lookup: middle.lookup, watch: watch, active: active, patience: .unhurried),
      source: middle.source, clock: PassingClock(by: .milliseconds(1_500)))
    let report = try await trials.backtest(BacktestRequest())
    #expect((1..<700).contains(report.counts.events) && report.next != nil, "\(report.counts.events)")
  }

  /// Broken by a pattern that stands for a reference and is taken for what the route asks.
  @Test func rulesThatHoldReferencesAreNotTried() async throws {
    let middle = try await Middle(.middle())
    middle.source.state.withLock {
      $0.texts["holds"] = HandedConfiguration(
        configuration: .middle(),
        references: ValueReferences([
          "sources.closed.token": .init(references: ["${T}"], isWhole: true),
          "routes.chats.match.company": .init(references: ["${C}"], isWhole: true),
        ]), warnings: [])
    }
    let error = await #expect(throws: OperationError.self) {
      try await middle.controller.backtest(BacktestRequest(configuration: "holds"))
    }
    #expect(error?.code == .invalidConfiguration)
    #expect(error?.details.count == 1)
    #expect(error?.details.first?.hasPrefix("routes.chats.match.company: holds a reference") == true)
  }

  @Test func aDifferenceSaysWhatAReloadWouldChangeAndWhatItWouldNot() async throws {
    let middle = try await Middle(.middle())
    middle.source.write { configuration in
      configuration.server.drain = .seconds(5)
      configuration.destination("crm") { $0.concurrency = 3 }
      configuration.hash = "c2"
    }
    let report = try await middle.controller.difference(to: nil)
    #expect(report.hash == "c2" && report.runningHash == "c1")
    #expect(report.differences.map(\.path) == ["server.drain", "destinations.crm.concurrency"])
    #expect(report.needsRestart == ["server.drain"])
    // Nothing was taken.
    #expect(middle.controller.active.configuration.hash == "c1")
  }

  /// Broken by telling of what an earlier reload has changed: this one would change nothing.
  @Test func onlyWhatWouldChangeNeedsARestart() async throws {
    let middle = try await Middle(.middle())
    middle.source.write { configuration in
      configuration.server.drain = .seconds(5)
      configuration.hash = "c2"
    }
    let reload = try await carryOut(middle) { controller async throws(OperationError) in
      try await controller.reload()
    }
    #expect(reload.needsRestart == ["server.drain"])
    let report = try await middle.controller.difference(to: nil)
    #expect(report.differences == [] && report.needsRestart == [])
  }

  /// Broken by holding an envelope's token against what stands for a reference.
  @Test func aTokenThatAHandedConfigurationDoesNotSayIsNotAskedFor() async throws {
    let middle = try await Middle(.middle())
    middle.source.state.withLock {
      $0.texts["new"] = HandedConfiguration(
        configuration: .middle {
          $0.sources.removeFirst()
          $0.sources[0].tokens = [Source.Token(value: Secret("placeholder"))]
        },
        references: ValueReferences(["sources.closed.token": .init(references: ["${T}"], isWhole: true)]),
        warnings: [])
    }
    let body = Array(#"{"messages":{"createdChat":[{"id":1}]},"token":"s3cret-token"}"#.utf8)
    let report = try await middle.controller.explain(envelope: body, by: "new")
    #expect(report.source == "closed" && report.isTokenValid)
  }

  /// Its text names the same file, which is not opened for it.
  @Test func anAuthorityThatIsNotReadAgainIsNoDifference() async throws {
    let tls = Destination.TLS(authorityFile: "/ca.pem", authorities: [1, 2])
    let middle = try await Middle(.middle { $0.destination("crm") { $0.tls = tls } })
    middle.source.state.withLock {
      for (text, file) in [("same", "/ca.pem"), ("other", "/other.pem")] {
        $0.texts[text] = HandedConfiguration(
          configuration: .middle { $0.destination("crm") { $0.tls.authorityFile = file } },
          references: ValueReferences(), warnings: [])
      }
    }
    #expect(try await middle.controller.difference(to: "same").differences == [])
    let other = try await middle.controller.difference(to: "other").differences
    #expect(other.map { "\($0.path): \($0.new ?? "")" } == [#"destinations.crm.tls.ca: "/other.pem""#])
  }

  @Test func whatAHandedConfigurationDoesNotSayIsNotCompared() async throws {
    let middle = try await Middle(.middle())
    middle.source.state.withLock {
      $0.texts["new"] = HandedConfiguration(
        configuration: .middle { $0.sources[1].tokens = [Source.Token(value: Secret("placeholder"))] },
        references: ValueReferences(["sources.closed.token": .init(references: ["${T}"], isWhole: true)]),
        warnings: [])
    }
    let report = try await middle.controller.difference(to: "new")
    #expect(report.differences == [])
    #expect(report.notCompared == ["sources.closed.token"])
  }
}

/// A clock that goes on whenever it is asked.
private final class PassingClock: SteadyClock {
  private let inner = ManualClock()
  private let step: Duration

  init(by step: Duration) {
    self.step = step
  }

  func now() -> Timestamp {
    defer { inner.advance(by: step) }
    return inner.now()
  }

  func reading() -> ClockReading { inner.reading() }
  var history: ClockHistory { inner.history }
  func resume(from kept: KeptClock?) {}
  func kept() -> KeptClock { inner.kept() }
}
