import RelayCore
import RelayTestSupport

@testable import RelayStoring

/// An inbox, and the time that is passed to it. (A class, since `#expect` can't mutate values.)
final class InboxBench {
  enum Post {
    case envelope(String)
    case outcomes(Int)
    case urgentOutcomes(Int)
    case replayedOutcomes(Int)
    case replayClaim
    case suspended
    case giveBack
    case ping
    case hold(String)
  }

  /// What became of a post.
  enum Receipt: Equatable {
    case refused
    case taken
    case takenAndWoken
  }

  /// A step, by the names of its operations.
  enum Step: Equatable {
    case work([String])
    case sleep(until: ContinuousClock.Instant?)
    case end
  }

  /// The present; what is posted comes later by the clock.
  let now = ContinuousClock.now
  private var inbox: StoreInbox
  private let envelopes = TestEnvelopes()

  /// At rest for an hour.
  init() {
    inbox = StoreInbox(pace: CommitPace(start: now.advanced(by: .seconds(-3_600))), hanging: .silent)
  }

  var isEmpty: Bool { inbox.isEmpty }

  func after(_ time: Duration) -> ContinuousClock.Instant { now.advanced(by: time) }

  /// A commit has just ended.
  func commit(envelopes: Int, replayedLeft: Int = 0) {
    _ = inbox.committed(envelopes: envelopes, replayedLeft: replayedLeft, at: now)
  }

  func close() { inbox.close() }

  @discardableResult
  func post(_ post: Post) -> Receipt {
    let (isAccepted, wakes) = inbox.post(operation(post))
    return !isAccepted ? .refused : wakes ? .takenAndWoken : .taken
  }

  func next(after time: Duration = .zero, rest: Duration? = nil, atMost limit: Int = 100) -> Step {
    next(at: after(time), rest: rest, atMost: limit)
  }

  func next(at instant: ContinuousClock.Instant, rest: Duration? = nil, atMost limit: Int = 100) -> Step {
    switch inbox.next(now: instant, rest: rest.map(after), atMost: limit) {
    case .work(let operations): .work(operations.map(\.name))
    case .sleep(let end): .sleep(until: end)
    case .end: .end
    }
  }

  func sleepEnd(_ step: Step) -> ContinuousClock.Instant? {
    if case .sleep(let end) = step { end } else { nil }
  }

  private func operation(_ post: Post) -> StoreOperation {
    switch post {
    case .envelope(let name):
      .write(.append(AppendCall(envelopes.envelope(source: name), late: { _ in }) { _ in }))
    case .outcomes(let count): .write(.settle(outcomes(count), isUrgent: false) { _ in })
    case .urgentOutcomes(let count): .write(.settle(outcomes(count), isUrgent: true) { _ in })
    case .replayedOutcomes(let count):
      .write(.settle(outcomes(count, in: .replay), isUrgent: false) { _ in })
    case .replayClaim:
      .read(
        .claim(
          ClaimRequest(
            destination: "crm", queue: .replay, kind: .fresh, now: .second(0), limit: 1, byteLimit: 1)
        ) { _ in })
    case .suspended: .write(.setSuspended(SuspendedTime(), of: "crm"))
    case .giveBack: .memory(.giveBack([DeliveryID(rawValue: 1)]))
    case .ping: .read(.ping {})
    case .hold(let name): .memory(.hold([name]) {})
    }
  }

  private func outcomes(_ count: Int, in queue: DeliveryQueue = .live) -> [Settlement] {
    let attempt = AttemptResult(
      startedAt: .second(0), duration: .zero, response: .status(200, body: [], retryAfter: nil))
    let settlement = Settlement(
      delivery: DeliveryID(rawValue: 1), in: queue, attempts: 1, attempt: attempt, outcome: .delivered)
    return Array(repeating: settlement, count: count)
  }
}

extension InboxBench.Post {
  var name: String {
    switch self {
    case .envelope(let name), .hold(let name): name
    case .outcomes(let count), .urgentOutcomes(let count), .replayedOutcomes(let count): "\(count) outcomes"
    case .replayClaim: "claim"
    case .suspended: "suspended"
    case .giveBack: "giveBack"
    case .ping: "ping"
    }
  }
}

extension StoreOperation {
  fileprivate var name: String {
    switch self {
    case .write(.append(let call)): call.envelope.context.source
    case .write(.settle(let settlements, _, _)): "\(settlements.count) outcomes"
    case .write(.setSuspended): "suspended"
    case .memory(.giveBack): "giveBack"
    case .read(.ping): "ping"
    case .read(.claim): "claim"
    case .memory(.hold(let names, _)): names[0]
    default: "?"
    }
  }
}

extension StoreError {
  /// Of a store that does not come back.
  static let silent = StoreError(code: .hanging, message: "the test's store does not answer")
}
