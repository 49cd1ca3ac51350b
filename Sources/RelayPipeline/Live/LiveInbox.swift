import RelayCore
import RelayThreads

/// What has happened and is not written yet. Whoever has it puts it in and goes on; the stream's own thread takes it.
struct LiveInbox {
  /// What the thread does next.
  enum Work {
    case write([LiveNews], lost: Int)
    /// Time has passed: readers may be due a sign of life.
    case look
    /// Nobody reads any more, or the relay stops: this is the last.
    case finish([LiveNews], lost: Int)
  }

  private var news: [LiveNews] = []
  private var bytes = 0
  /// Messages that found no room.
  private var lost = 0
  private var mayWrite: ContinuousClock.Instant
  private var nextLook: ContinuousClock.Instant
  private var isFinishing = false
  private let pace: Duration

  /// More than this is not kept until it is written: then the thread does not keep up, and readers miss something.
  private static let maxBytes = 16 << 20
  private static let lookEvery = Duration.seconds(1)

  init(pace: Duration, now: ContinuousClock.Instant) {
    self.pace = pace
    mayWrite = now
    nextLook = now.advanced(by: Self.lookEvery)
  }

  /// - Returns: Whether the thread is to be woken: it knows of nothing yet.
  mutating func put(_ one: LiveNews) -> Bool {
    guard bytes < Self.maxBytes else {
      lost += one.count
      return false
    }
    news.append(one)
    bytes += one.footprint
    return news.count == 1
  }

  /// What these events said was erased.
  mutating func forget(_ events: Set<EventID>) {
    news = news.map { $0.forgetting(events) }
    bytes = news.reduce(0) { $0 + $1.footprint }
  }

  mutating func finish() { isFinishing = true }

  /// Many small pieces would cost each reader more than a few larger ones: after one, the next is a while off.
  mutating func step(now: ContinuousClock.Instant) -> MonitorStep<Work> {
    if isFinishing { return .done(take { .finish($0, lost: $1) }) }
    if !news.isEmpty, now >= mayWrite {
      mayWrite = now.advanced(by: pace)
      return .done(take { .write($0, lost: $1) })
    }
    if now >= nextLook {
      nextLook = now.advanced(by: Self.lookEvery)
      return .done(.look)
    }
    return .sleep(now.duration(to: news.isEmpty ? nextLook : min(mayWrite, nextLook)))
  }

  private mutating func take(_ work: ([LiveNews], Int) -> Work) -> Work {
    defer { (news, bytes, lost) = ([], 0, 0) }
    return work(news, lost)
  }
}
