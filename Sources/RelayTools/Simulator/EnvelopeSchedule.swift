import RelayCore
import RelaySystem
import RelayThreads

/// Hands envelopes to workers when they are due, and no chat's next one before its last was answered: the
/// relay sees each chat in order, however many workers there are.
final class EnvelopeSchedule: Sendable {
  private struct Making {
    var factory: EnvelopeFactory
    var taken = 0
    var startedAt: ContinuousClock.Instant?
  }

  private struct Order {
    var isStopped = false
    /// How many envelopes have been answered of each story that goes on.
    var answered: [Int: Int] = [:]
  }

  private let count: Int?
  private let ratePerSecond: Double
  private let making: Locked<Making>
  private let order = Monitor(Order())
  /// Beside `order`, since whoever waits for a time is not to be woken by each answer.
  private let stopSignal = Monitor(false)

  init(factory: EnvelopeFactory, ratePerSecond: Double, count: Int?) {
    precondition(ratePerSecond > 0, "a rate is above 0")
    self.count = count
    self.ratePerSecond = ratePerSecond
    making = Locked(Making(factory: factory))
  }

  /// Waits until an envelope is due. nil: there are no more.
  func next() -> SimulatedEnvelope? {
    guard let due = takePlace(), !isStopped(before: due) else { return nil }
    let now = Timestamp(microseconds: wallClockMicroseconds())
    let envelope = making.withLock { $0.factory.next(at: now) }
    let isInTurn = order.wait { order -> Bool? in
      if order.isStopped { return false }
      return order.answered[envelope.story, default: 0] == envelope.step ? true : nil
    }
    return isInTurn == true ? envelope : nil
  }

  /// Lets the next envelope of the same chat go.
  func settle(_ envelope: SimulatedEnvelope) {
    order.update { $0.answered[envelope.story] = envelope.isLastOfStory ? nil : envelope.step + 1 }
  }

  /// Nothing is handed out from now on.
  func stop() {
    stopSignal.update { $0 = true }
    order.update { $0.isStopped = true }
  }

  /// The n-th envelope's time counts from the start, not from the one before it: delays don't add up.
  static func offset(of number: Int, ratePerSecond: Double) -> Duration {
    .seconds(Double(number) / ratePerSecond)
  }

  private func takePlace() -> ContinuousClock.Instant? {
    making.withLock { making in
      if let count, making.taken >= count { return nil }
      let startedAt = making.startedAt ?? .now
      making.startedAt = startedAt
      defer { making.taken += 1 }
      return startedAt + Self.offset(of: making.taken, ratePerSecond: ratePerSecond)
    }
  }

  private func isStopped(before due: ContinuousClock.Instant) -> Bool {
    let wait = max(.zero, due - .now)
    return stopSignal.wait(timeout: wait) { $0 ? true : nil } ?? false
  }
}
