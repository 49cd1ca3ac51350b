import Logging
import RelayCore
import RelayText
import RelayThreads

/// Erases what was written of people: one erasure at a time, each a walk over the store, oldest event first, in short pages.
///
/// It can be cut off and begun again at any time: what is erased already is passed over.
final class Erasures: Sendable {
  struct Parts: Sendable {
    var store: any DeliveryStore
    var asked: PatientStore
    var auditTrail: AuditTrail
    var holds: DestinationHolds
    var receiver: Receiver
    var metrics: RelayMetrics
    var feed: LiveFeed
    var attachments: (any AttachmentKeeping)?
    var clock: any SteadyClock
    var logger: Logger
    /// Between two looks at what is in flight.
    var sleep: Patience.Sleep = { try? await Task.sleep(for: $0) }
  }

  /// Attempts end with their time-out; what is still under way after this is told of, and left.
  static let patience = Duration.seconds(300)
  static let pause = Duration.milliseconds(250)
  /// How many entries of the audit, or replays, are read at once.
  private static let rows = 500
  /// Reports of so many are kept.
  private static let kept = 20

  private struct State: Sendable {
    var reports: [ErasureReport] = []
    var count = 0
  }

  private let parts: Parts
  private let state = Locked(State())

  init(_ parts: Parts) {
    self.parts = parts
  }

  func report(_ id: String) -> ErasureReport? { state.withLock { $0.reports.last { $0.id == id } } }

  /// - Parameter audit: Where it stands that somebody asked for it.
  /// - Throws: `conflict`: one is under way.
  func begin(_ request: ErasureRequest, audit: AuditID?) throws(OperationError) -> ErasureReport {
    try parts.asked.refuseWhileItHangs()
    let now = parts.clock.reading().wall
    let report: ErasureReport? = state.withLock { state in
      guard state.reports.last?.state != .running else { return nil }
      state.count += 1
      let report = ErasureReport(
        id: "erase_\(now.milliseconds)_\(state.count)", isDryRun: request.isDryRun, startedAt: now)
      state.reports.append(report)
      if state.reports.count > Self.kept { state.reports.removeFirst() }
      return report
    }
    guard let report else {
      let running = state.withLock { $0.reports.last?.id ?? "" }
      throw OperationError(
        code: .conflict, message: "an erasure is under way (\(running)); wait for its end")
    }
    Task { await run(request, audit) }
    return report
  }

  private func change(_ body: (inout ErasureReport) -> Void) {
    state.withLock { body(&$0.reports[$0.reports.count - 1]) }
  }

  private func run(_ request: ErasureRequest, _ audit: AuditID?) async {
    do throws(OperationError) {
      let left = try await walk(request)
      if !request.isDryRun { try await finish(request, left) }
      await end(nil, audit)
    } catch {
      await end(error, audit)
    }
  }

  /// The audit has it before anybody is told that it has ended.
  private func end(_ error: OperationError?, _ audit: AuditID?) async {
    let now = parts.clock.reading().wall
    if let audit {
      let counts = state.withLock { $0.reports.last! }
      await parts.auditTrail.end(audit, counts.auditOutcome(error))
    }
    change { report in
      report.state = error == nil ? .done : .failed
      report.endedAt = now
      if let error { report.problem = "\(error.message); what is erased stays so: begin again" }
    }
    let report = state.withLock { $0.reports.last! }
    guard !report.isDryRun else { return }
    parts.logger.notice(
      error == nil ? "erased for a person's right" : "an erasure failed",
      metadata: [
        "erasure": "\(report.id)", "events": .number(report.erased), "cancelled": .number(report.cancelled),
        "left": .number(report.inFlight),
      ].merging(error.map { ["reason": "\($0)"] } ?? [:], uniquingKeysWith: { a, _ in a }))
  }

  // MARK: Which

  /// - Returns: What could not be erased, since an attempt of it is under way.
  private func walk(_ request: ErasureRequest) async throws(OperationError) -> [EventID] {
    var filter = request.filter
    filter.text = request.conditions.first
    var others = request.conditions.dropFirst().map(BodyMatcher.init)
    var left: [EventID] = []
    var after: EventCursor?
    repeat {
      let question = EventPageRequest(
        filter: filter, order: .oldestFirst, after: after, limit: 200, withBodies: !others.isEmpty)
      let page = try await parts.asked.look { lookup async throws(StoreError) in
        try await lookup.events(question)
      }
      let events = page.events.filter { $0.erasedAt == nil && Self.hold(&others, $0.body) }
      change { report in
        report.matched += events.count
        report.reached = page.reached ?? report.reached
        if request.isDryRun { report.cancelled += events.reduce(0) { $0 + $1.open.count } }
      }
      if !request.isDryRun { left += try await erase(events) }
      after = page.next
    } while after != nil
    return left
  }

  private static func hold(_ matchers: inout [BodyMatcher], _ body: [UInt8]) -> Bool {
    for index in matchers.indices {
      guard body.withUnsafeBufferPointer({ matchers[index].holds($0) }) else { return false }
    }
    return true
  }

  // MARK: Erasing

  /// - Returns: What is in flight.
  private func erase(_ events: [EventRecord]) async throws(OperationError) -> [EventID] {
    guard !events.isEmpty else { return [] }
    var open: [String: [DeliveryID]] = [:]
    for delivery in events.flatMap(\.open) { open[delivery.destination, default: []].append(delivery.id) }
    let destinations = open.keys.sorted()
    // Nothing of them is handed out between the end of their deliveries and that of their bodies.
    await parts.holds.hold(destinations)
    defer { parts.holds.resume(destinations) }
    for destination in destinations { try await cancel(open[destination]!, of: destination) }
    // First: an erasure that ends between the two finds the events again, and says nothing was left of their files.
    let files = try await eraseAttachments(of: events.map(\.id))
    change { $0.attachments += files }
    let outcome = try await parts.asked.unhurried { store async throws(StoreError) in
      try await store.erase(events.map(\.id))
    }
    parts.feed.forget(Set(outcome.erased))
    change { report in
      report.erased += outcome.erased.count
      report.inFlight += outcome.left.count
    }
    return outcome.left
  }

  private func eraseAttachments(of events: [EventID]) async throws(OperationError) -> Int {
    guard let keeper = parts.attachments, !events.isEmpty else { return 0 }
    let result = await onThread(named: "erase files") { () -> Result<Int, StoreError> in
      do throws(StoreError) {
        return .success(try keeper.erase(events))
      } catch {
        return .failure(error)
      }
    }
    do throws(StoreError) {
      return try result.get()
    } catch {
      throw OperationError(
        code: .unavailable,
        message:
          "the files that these events point to may still be there, and the events are not erased: \(error.message)"
      )
    }
  }

  private func cancel(_ deliveries: [DeliveryID], of destination: String) async throws(OperationError) {
    let (made, error) = await parts.store.change(.cancelForErasure, .ids(deliveries), of: destination)
    parts.metrics.discarded(destination, made.changed)
    change { $0.cancelled += made.changed }
    if let error { throw OperationError(code: .unavailable, message: error.message) }
  }

  /// What is in flight is erased once its attempt has ended, and what the files still hold is overwritten.
  private func finish(_ request: ErasureRequest, _ inFlight: [EventID]) async throws(OperationError) {
    var left = inFlight
    let end = parts.clock.now().advanced(by: Self.patience)
    while !left.isEmpty, parts.clock.now() < end {
      await parts.sleep(Self.pause)
      left = try await again(left)
    }
    let forgotten = parts.receiver.forgetRefusedRequests(holding: request.needles)
    try await amend(request.forgotten)
    let traces = try await parts.asked.unhurried { store async throws(StoreError) in
      try await store.overwriteErased()
    }
    change { [left] report in
      report.refusedRequests = forgotten
      let seconds = Self.patience.components.seconds
      let late =
        left.isEmpty
        ? nil
        : "\(left.count.counted("event is", "events are")) still in flight after \(seconds) s: erase again"
      let problems = [late, traces.remaining].compactMap(\.self)
      report.problem = problems.isEmpty ? nil : problems.joined(separator: "; ")
    }
  }

  // MARK: What people looked for

  /// Whoever looked for the person, in the audit or by a replay, has left there what they looked for.
  private func amend(_ values: ForgottenValues) async throws(OperationError) {
    guard !values.isEmpty else { return }
    try await amendReplays(values)
    try await amendAudit(values)
  }

  private func amendReplays(_ values: ForgottenValues) async throws(OperationError) {
    var before: Int?
    repeat {
      let asked = before
      let replays = try await parts.asked.look { lookup async throws(StoreError) in
        try await lookup.replays(before: asked, limit: Self.rows)
      }
      for replay in replays {
        let (plan, reason) = (values.plan(replay.new.plan), values.reason(replay.new.reason))
        guard plan != nil || reason != nil else { continue }
        try await parts.asked.unhurried { store async throws(StoreError) in
          // After a restart it would look for something else.
          if plan != nil, replay.walk == .underWay {
            _ = try await store.end(replay.id, as: .failed("what it looked for was erased; begin another"))
          }
          try await store.amend(
            replay.id, plan: plan ?? replay.new.plan, reason: reason ?? replay.new.reason)
        }
        change { $0.amended += 1 }
      }
      before = replays.count < Self.rows ? nil : replays.last?.id
    } while before != nil
  }

  private func amendAudit(_ values: ForgottenValues) async throws(OperationError) {
    var after: AuditID?
    repeat {
      let asked = after
      let page = try await parts.asked.look { lookup async throws(StoreError) in
        try await lookup.audit(AuditFilter(), after: asked, limit: Self.rows)
      }
      let amendments = page.records.compactMap { record -> AuditAmendment? in
        let (target, reason) = (values.target(record.entry.target), values.reason(record.entry.reason))
        guard target != nil || reason != nil else { return nil }
        return AuditAmendment(
          id: record.id, target: target ?? record.entry.target, reason: reason ?? record.entry.reason)
      }
      if !amendments.isEmpty {
        try await parts.asked.unhurried { store async throws(StoreError) in
          try await store.amendAudit(amendments)
        }
        change { $0.amended += amendments.count }
      }
      after = page.next
    } while after != nil
  }

  /// - Returns: What is still in flight.
  private func again(_ events: [EventID]) async throws(OperationError) -> [EventID] {
    var left: [EventID] = []
    for id in events {
      let record = try await parts.asked.look { lookup async throws(StoreError) in try await lookup.event(id)
      }
      change { $0.inFlight -= 1 }
      if let record { left += try await erase([record]) }
    }
    return left
  }
}

extension EventRecord {
  /// What of it is not settled for good.
  fileprivate var open: [DeliveryRecord] { deliveries.filter { $0.state.isPending || $0.state == .dead } }
}

extension ErasureReport {
  /// What the audit keeps of it once it has ended.
  fileprivate func auditOutcome(_ error: OperationError?) -> AuditOutcome {
    if isDryRun {
      let text =
        "\(matched.counted("event", "events")) and \(cancelled.counted("delivery", "deliveries")) counted, and nothing changed"
      return AuditOutcome(error?.code.rawValue ?? "done", count: matched, details: text)
    }
    var details = [
      "\(erased.counted("event", "events")) erased",
      "\(cancelled.counted("delivery", "deliveries")) cancelled",
    ]
    if attachments > 0 { details.append("\(attachments.counted("attachment", "attachments")) removed") }
    if refusedRequests > 0 {
      details.append("\(refusedRequests.counted("refused request", "refused requests")) forgotten")
    }
    if amended > 0 {
      details.append("\(amended.counted("entry", "entries")) of the audit and replays amended")
    }
    if inFlight > 0 {
      details.append("\(inFlight.counted("event", "events")) left, in flight")
    } else if problem != nil {
      details.append("the store's files may still hold what they said")
    }
    return AuditOutcome(
      error?.code.rawValue ?? "done", count: erased, details: details.joined(separator: ", "))
  }
}

extension ErasureRequest {
  /// What is looked for where nothing is known of paths.
  fileprivate var needles: [String] {
    conditions.compactMap { condition in
      switch condition {
      case .contains(let text): text
      case .field(_, .text(let pattern)): pattern.literal ?? pattern.source
      case .field(_, .null): nil
      }
    } + filter.chats
  }
}
