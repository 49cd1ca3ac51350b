import RelayCore

/// One receiver's notices that are not sent yet, in their order: one at a time, again and again until it is taken.
struct NoticeQueue: Sendable, Equatable {
  /// What is kept has a fixed room.
  static let maxWaiting = 20
  /// After the first failure, and at most; doubled each time.
  static let firstDelay = Duration.seconds(5)
  static let longestDelay = Duration.seconds(600)

  private(set) var waiting: [Notice]
  /// In a row.
  private(set) var failures = 0
  /// When the first of those that have all failed did, over restarts; nil: the last one was taken, or there was none.
  private(set) var failingSince: Timestamp?
  /// The first one is under way.
  private(set) var isSending = false
  private var notBefore: Timestamp?

  init(_ waiting: [Notice] = [], failingSince: Timestamp? = nil) {
    self.waiting = waiting
    self.failingSince = failingSince
  }

  /// - Returns: How many were let go of for it.
  mutating func add(_ notice: Notice) -> Int {
    waiting.append(notice)
    guard waiting.count > Self.maxWaiting else { return 0 }
    // The first one may be with its receiver already.
    let free = waiting.indices.dropFirst(isSending ? 1 : 0)
    if let place = free.first(where: { waiting[$0].phase == .repeated }) {
      waiting.remove(at: place)
      return 1
    }
    // What has begun and ended is of the least use now.
    for end in free where waiting[end].phase == .ended {
      let begin = free.first {
        $0 < end && waiting[$0].key == waiting[end].key && waiting[$0].phase == .began
      }
      guard let begin else { continue }
      waiting.remove(at: end)
      waiting.remove(at: begin)
      return 2
    }
    waiting.remove(at: free.lowerBound)
    return 1
  }

  /// When the next one is to be sent; nil: none is, or one is under way.
  var due: Timestamp? { isSending || waiting.isEmpty ? nil : notBefore ?? .epoch }

  /// The one to send now.
  mutating func take(at now: Timestamp) -> Notice? {
    guard let due, due <= now else { return nil }
    isSending = true
    return waiting.first
  }

  /// The receiver has taken it.
  mutating func sent(_ id: String) {
    isSending = false
    failures = 0
    failingSince = nil
    notBefore = nil
    waiting.removeAll { $0.id == id }
  }

  mutating func failed(at now: Timestamp) {
    isSending = false
    failures += 1
    failingSince = failingSince ?? now
    notBefore = now.advanced(by: Self.delay(after: failures))
  }

  /// `firstDelay · 2^(failures-1)`, at most `longestDelay`.
  static func delay(after failures: Int) -> Duration {
    min(longestDelay, firstDelay * (1 << min(failures - 1, 10)))
  }

  /// Its request has failed at an address that is no longer its own.
  mutating func isAbandoned() { isSending = false }

  /// Another address: what failed at the old one says nothing of it.
  mutating func beginAnew() {
    failures = 0
    failingSince = nil
    notBefore = nil
  }
}

/// When a `heartbeat` is sent.
struct HeartbeatSchedule: Sendable, Equatable {
  private(set) var isSending = false
  /// When the first of those failed that have all failed since, two at least: one alone may be lost on its way, and is not sent again.
  var failingSince: Timestamp? { failures > 1 ? firstFailure : nil }
  private var failures = 0
  private var firstFailure: Timestamp?
  private var last: Timestamp?

  /// nil: one is under way.
  func due(every interval: Duration) -> Timestamp? {
    isSending ? nil : last?.advanced(by: interval) ?? .epoch
  }

  /// Whether one is to be sent now. One that could not be sent for want of readiness is not sent later.
  mutating func take(at now: Timestamp, every interval: Duration, isReady: Bool) -> Bool {
    guard let due = due(every: interval), due <= now else { return false }
    // In step, however late the look is; but what was missed is not made up for.
    last =
      last.map { $0.advanced(by: interval) }.flatMap { $0.duration(to: now) < interval ? $0 : nil } ?? now
    isSending = isReady
    return isReady
  }

  mutating func ended(isTaken: Bool, at now: Timestamp) {
    isSending = false
    failures = isTaken ? 0 : failures + 1
    firstFailure = isTaken ? nil : firstFailure ?? now
  }

  /// As a queue's.
  mutating func isAbandoned() { isSending = false }

  /// Another address: what failed at the old one says nothing of it.
  mutating func beginAnew() { (failures, firstFailure) = (0, nil) }
}
