import Logging
import RelayCore
import RelayHarness
import RelaySQLite
import RelayTestSupport
import RelayThreads
import Testing

@testable import RelayPipeline

/// The relay between its listeners and its transport: receiver, engine and controller over a real store. Time stands
/// still, and nothing is attempted but in the turns that a test takes.
final class Middle {
  let clock: ManualClock
  let store: SQLiteStore
  let lookup: SQLiteLookup
  let engine: DeliveryEngine
  let receiver: Receiver
  let controller: RelayController
  let metrics: RelayMetrics
  let source: ScriptedSource
  let recorder = LineRecorder()
  private let transport = HandTransport()
  private let folder: TemporaryFolder

  /// Requests that have not been answered yet, in the order in which they began.
  private(set) var inFlight: [AttemptRequest] = []
  /// What the transport was told of each destination last.
  private(set) var destinations: [String: Destination] = [:]
  private(set) var freshConnections: [String] = []
  /// When the engine wants to be called without a cause.
  private(set) var deadline: Timestamp?

  /// - Parameter folder: Of an earlier run, whose store is closed.
  init(
    _ configuration: Configuration, in folder: TemporaryFolder? = nil, at now: Timestamp = .second(0),
    prober: any DestinationProber = ScriptedProber(), patience: Patience = .unhurried,
    linker: AttachmentLinker? = nil, seriesFile: (any SeriesKeeping)? = nil,
    attachments: (any AttachmentKeeping)? = nil
  ) async throws {
    let folder = try folder ?? TemporaryFolder()
    self.folder = folder
    clock = ManualClock(now)
    source = ScriptedSource(configuration)
    metrics = RelayMetrics(configuration)
    let watch = StoreWatch(metrics: metrics, clock: clock, logger: recorder.logger)
    store = try SQLiteStore(path: "\(folder.path)/relay.db", clock: clock, observer: watch)
    lookup = SQLiteLookup(store, clock: clock)
    engine = DeliveryEngine(
      store: store, transport: transport, clock: clock, logger: recorder.logger, metrics: metrics,
      randomness: SplitMix64(seed: 1))
    receiver = Receiver(
      configuration: configuration, store: store, engine: engine, clock: clock, logger: recorder.logger,
      metrics: metrics, ids: Receiver.ids(from: SplitMix64(seed: 2)), attachments: attachments)
    controller = RelayController(
      configuration,
      parts: RelayController.Parts(
        store: store, lookup: lookup, engine: engine, receiver: receiver, metrics: metrics, watch: watch,
        clock: clock, logger: recorder.logger, prober: prober, samples: OneSample(), linker: linker,
        patience: patience, seriesFile: seriesFile, attachments: attachments),
      source: source)
    let stored = try await controller.prepare()
    try await during { [controller] in await controller.start(stored) }
    try await finishReordering()
  }

  deinit { end() }

  /// Closes the store; the folder stays while somebody has it.
  @discardableResult
  func end() -> TemporaryFolder {
    lookup.close()
    store.close()
    return folder
  }

  // MARK: Turns

  /// Takes a turn in which these requests have ended.
  func turn(_ finished: FinishedAttempt...) { turn(finished) }

  private func turn(_ finished: [FinishedAttempt]) {
    for attempt in finished { inFlight.removeAll { $0.delivery == attempt.delivery } }
    guard let turn = transport.turn(finished: finished) else { return }
    for destination in turn.destinations { destinations[destination.name] = destination }
    for name in turn.removedDestinations { destinations[name] = nil }
    freshConnections += turn.freshConnections
    inFlight += turn.requests
    deadline = turn.deadline
  }

  /// Takes turns until the store has answered everything, and nothing wakes the transport any more.
  func rest() async {
    while true {
      await flush()
      guard transport.takeWake() else { return }
      turn()
    }
  }

  /// What was asked of the store is answered.
  func flush() async {
    _ = await store.postedDestinations().value
  }

  /// Takes a turn whenever one is asked for, until `body` has come to its end.
  func during<Value: Sendable>(_ body: @escaping @Sendable () async -> Value) async throws
    -> Value
  {
    let result = Locked<Value?>(nil)
    Task { [transport] in
      let value = await body()
      result.withLock { $0 = value }
      transport.wake()
    }
    while true {
      try await transport.awaitWake()
      _ = transport.takeWake()
      turn()
      if let value = result.withLock({ $0 }) { return value }
    }
  }

  /// Takes a turn whenever one is asked for, until it is so. Whatever makes it so must ask for a turn after that.
  func takeTurns(until isSo: () -> Bool) async throws {
    while !isSo() {
      try await transport.awaitWake()
      _ = transport.takeWake()
      turn()
    }
  }

  /// Deliveries are brought into their order in the background, and at its end the lane asks for a turn.
  func finishReordering() async throws {
    try await takeTurns { controller.reordering.destinations.isEmpty }
    await rest()
  }

  /// Lets time pass, and takes the turn that the engine asked for, if it has come.
  func pass(_ time: Duration) async {
    clock.advance(by: time)
    if let deadline, deadline <= clock.now() { turn() }
    await rest()
  }

  /// As the controller tells it. It asks the lanes, which answer in a turn.
  func status() async throws -> RelayStatus {
    let status = try await during { [controller] in
      do throws(OperationError) {
        return Result<RelayStatus, OperationError>.success(try await controller.status())
      } catch {
        return .failure(error)
      }
    }
    await rest()
    return try status.get()
  }

  func metricsText() async throws -> String {
    let text = try await during { [controller] in await controller.metrics() }
    await rest()
    return String(decoding: text, as: UTF8.self)
  }

  // MARK: The other ends

  func post(
    _ body: String, to path: String = "/huggy", from origin: any RequestOrigin = Nobody()
  ) -> Promise<IngestReply> {
    let reply = Promise<IngestReply>("the reply", otherwise: .noReply)
    receiver.receive(path: path, body: Array(body.utf8), origin: origin) {
      if reply.isKept { Issue.record("a request was answered twice") } else { reply.keep($0) }
    }
    return reply
  }

  /// Posts envelopes of one event each, numbered from `first`, and waits until they are taken.
  func receive(
    _ count: Int = 1, type: String = "createdChat", from first: Int = 1, chat: Int? = nil
  ) async {
    for number in first..<first + count {
      let chatField = chat.map { #""chat":{"id":\#($0)},"# } ?? ""
      let reply = await post(#"{"messages":{"\#(type)":[{\#(chatField)"id":\#(number)}]}}"#).value
      #expect(reply.status == 200)
    }
    await rest()
  }

  /// The same number of events in one envelope.
  func receive(together count: Int, type: String) async {
    let events = (1...count).map { #"{"id":\#($0)}"# }.joined(separator: ",")
    let reply = await post(#"{"messages":{"\#(type)":[\#(events)]}}"#).value
    #expect(reply.status == 200)
    await rest()
  }

  /// A request is answered; the store and the engine come to rest.
  func answer(_ request: AttemptRequest, _ status: Int, body: String = "") async {
    turn(finished(request, status, body: body))
    await rest()
  }

  /// All that is in flight to a destination is answered at once.
  ///
  /// - Returns: What it was.
  @discardableResult
  func answerAll(to destination: String, _ status: Int) async -> [AttemptRequest] {
    let requests = inFlight.filter { $0.destination == destination }
    turn(requests.map { finished($0, status) })
    await rest()
    return requests
  }

  func finished(_ request: AttemptRequest, _ status: Int, body: String = "") -> FinishedAttempt {
    FinishedAttempt(
      delivery: request.delivery, destination: request.destination,
      result: AttemptResult(
        startedAt: clock.now(), duration: .milliseconds(5),
        response: .status(status, body: Array(body.utf8), retryAfter: nil)))
  }

  /// The request that began first of those in flight, or one after it.
  func request(_ place: Int = 0) throws -> AttemptRequest {
    try #require(inFlight.count > place ? inFlight[place] : nil, "\(inFlight.count) requests are in flight")
  }

  /// Answers whatever is in flight, and what begins then, with 200.
  func answerAll() async {
    while let request = inFlight.first { await answer(request, 200) }
  }

  func books(_ destination: String = "crm") async throws -> Books? {
    try await store.destination(destination).map { Books($0) }
  }

  /// The numbers of the events whose requests are in flight, in the order in which they began.
  var numbersInFlight: [Int] { inFlight.map(\.number) }
}

extension AttemptRequest {
  /// The `id` of the event that it carries.
  var number: Int {
    let text = String(decoding: body, as: UTF8.self)
    guard let start = text.range(of: #""id":"#, options: .backwards)?.upperBound else { return -1 }
    return Int(text[start...].prefix { $0.isNumber }) ?? -1
  }

  func header(_ name: String) -> String? {
    headers.lines.first { $0.hasPrefix("\(name): ") }.map { String($0.dropFirst(name.count + 2)) }
  }
}

extension Configuration {
  /// Two destinations, a source with a token and one without, and a route of each sort.
  static func middle(_ change: (inout Configuration) -> Void = { _ in }) -> Configuration {
    var configuration = Configuration(
      sources: [
        Source(name: "huggy", company: "15691"),
        Source(name: "closed", tokens: [Source.Token(value: Secret("s3cret-token"))]),
      ],
      destinations: [
        Destination(name: "crm", url: Secret("http://crm/")),
        Destination(name: "bi", url: Secret("http://bi/")),
      ],
      routes: [
        Route(name: "noise", match: .events("noise"), action: .drop),
        Route(name: "chats", match: .events("*Chat"), action: .deliver(to: ["crm"])),
        Route(name: "messages", match: .events("*Message"), action: .deliver(to: ["crm", "bi"])),
      ],
      hash: "c1")
    change(&configuration)
    return configuration
  }

  mutating func destination(_ name: String, _ change: (inout Destination) -> Void) {
    for index in destinations.indices where destinations[index].name == name { change(&destinations[index]) }
  }
}

extension Match {
  static func events(_ patterns: String...) -> Match {
    Match(events: patterns.map { WildcardPattern($0, ignoringCase: true) })
  }
}

/// Carries an operation of a person out, while turns are taken; then all that follows from it.
func carryOut<Value: Sendable>(
  _ middle: Middle, _ body: @escaping @Sendable (RelayController) async throws(OperationError) -> Value
) async throws -> Value {
  let result = try await middle.during { [controller = middle.controller] in
    do throws(OperationError) {
      return Result<Value, OperationError>.success(try await body(controller))
    } catch {
      return .failure(error)
    }
  }
  await middle.rest()
  return try result.get()
}

extension Patience {
  /// Of tests that are not about it: a busy machine does not end them.
  static let unhurried = Patience(.seconds(240))
}
