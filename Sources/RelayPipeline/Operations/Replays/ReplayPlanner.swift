import RelayCore

/// Says where a replay sends each event that it comes to, and in which steps.
struct ReplayPlanner {
  /// How much one step holds: its commit keeps others waiting.
  static let stepDeliveries = 256
  static let stepBytes = 1 << 20
  /// How many deliveries of it a destination has in its replay queue, at most.
  static let ahead = 4_096
  /// How often something is queued at a rate.
  static let pace = Duration.milliseconds(250)

  private let plan: ReplayPlan
  /// Of a plan that names them.
  private let named: [ReplayStep.Target]
  /// The one destination that it leads to; nil: all of the plan's.
  private let part: String?
  /// Where the rules send events, by the configuration that they are of.
  private var routed: (hash: String, routes: [Route], router: StoredEventRouter)?

  /// - Parameter part: The destination of a walk that was parted.
  init(_ plan: ReplayPlan, part: String? = nil) {
    self.plan = plan
    self.part = part
    named =
      switch plan.target {
      case .named(let names): names.map { ReplayStep.Target(destination: $0) }
      case .asRouted: []
      }
  }

  /// An event goes there; none: nowhere.
  mutating func targets(
    of event: ReplayableEvent, _ configuration: Configuration
  ) -> [ReplayStep.Target] {
    // Erased, or gone with store.unrouted_retention: there is nothing to be sent.
    guard !event.record.hasNoBody else { return [] }
    let all = plan.target == .asRouted ? routes(of: event, configuration) : named
    func isSent(to target: ReplayStep.Target) -> Bool {
      part.map { $0 == target.destination } ?? true && plan.sends(to: target.destination, event.standings)
    }
    return all.allSatisfy(isSent) ? all : all.filter(isSent)
  }

  private mutating func routes(
    of event: ReplayableEvent, _ configuration: Configuration
  ) -> [ReplayStep.Target] {
    if routed?.hash != configuration.hash {
      let router = StoredEventRouter(RoutingTable(configuration.routes))
      routed = (configuration.hash, configuration.routes, router)
    }
    guard let decision = routed!.router.decide(event.record) else { return [] }
    return decision.targets.map {
      ReplayStep.Target(destination: $0.destination, route: routed!.routes[$0.route].name)
    }
  }

  /// Where it may send something.
  private func others(_ configuration: Configuration) -> [String] {
    switch plan.target {
    case .named(let names): names
    case .asRouted: configuration.destinations.map(\.name)
    }
  }

  // MARK: Steps

  /// How many deliveries a step may hold.
  private var stepSize: Int {
    guard let perSecond else { return Self.stepDeliveries }
    return max(1, min(Self.stepDeliveries, Int(perSecond * Self.pace.inSeconds)))
  }

  private var perSecond: Double? { plan.rate.map { Double($0.count) / $0.interval.inSeconds } }

  /// How long after a step the next one comes; nil: at once.
  func pause(after step: ReplayStep) -> Duration? {
    perSecond.map { .microseconds(Int64(Double(step.deliveries) / $0 * 1e6)) }
  }

  /// A page's events in steps, the last of which goes on behind the page.
  mutating func steps(
    of page: ReplayPage, _ replay: Replay, _ configuration: Configuration
  ) -> [ReplayStep] {
    var steps: [ReplayStep] = []
    var step = emptyStep(of: replay, configuration)
    var (deliveries, bytes, skipped) = (0, 0, 0)
    var last: EventCursor?
    for event in page.events {
      let targets = targets(of: event, configuration)
      var entry = ReplayStep.Entry(event, targets)
      let isFull = deliveries + targets.count > stepSize || bytes + entry.bytes > Self.stepBytes
      if isFull && !step.entries.isEmpty {
        step.cursor = last.map { "\($0)" }
        steps.append(step)
        step = emptyStep(of: replay, configuration)
        (deliveries, bytes, skipped) = (0, 0, 0)
      }
      step.matched += 1
      last = event.record.place
      guard !targets.isEmpty else {
        step.skipped += 1
        skipped += 1
        continue
      }
      entry.skippedBefore = skipped
      skipped = 0
      step.entries.append(entry)
      deliveries += targets.count
      bytes += entry.bytes
    }
    step.cursor = (page.next ?? last).map { "\($0)" }
    step.isLast = page.next == nil
    return steps + [step]
  }

  private func emptyStep(of replay: Replay, _ configuration: Configuration) -> ReplayStep {
    let ahead = perSecond.map { max(1, min(Self.ahead, Int($0))) } ?? Self.ahead
    return ReplayStep(
      replay: replay.id, part: part, others: part == nil ? others(configuration) : [], entries: [],
      matched: 0, ahead: ahead)
  }
}

extension ReplayStep.Entry {
  fileprivate init(_ event: ReplayableEvent, _ targets: [ReplayStep.Target]) {
    let record = event.record
    self.init(
      event: record.id, place: record.place, source: record.source, chat: record.chat,
      bytes: Event.footprint(ofBody: record.bodyBytes), targets: targets)
  }
}

extension ReplayStep {
  var destinations: [String] {
    Set(entries.lazy.flatMap(\.targets).map(\.destination)).sorted()
  }
}
