import RelayCore
import RelayThreads

/// Who may come in to a source, and how often: asked before a request's body is looked at.
final class SourceGate: Sendable {
  private let source: String
  /// Empty: everybody.
  private let allowed: [AddressBlock]
  /// nil: as often as they like.
  private let meter: SourceMeter?

  /// nil: everybody may, as often as they like.
  ///
  /// - Parameter meter: What has kept the source to its rate until now, over a reload.
  init?(_ source: Source, after meter: SourceMeter?) {
    guard !source.allow.isEmpty || source.rate != nil else { return nil }
    self.source = source.name
    allowed = source.allow
    self.meter = source.rate.map { rate in
      meter?.change(to: rate)
      return meter ?? SourceMeter(rate)
    }
  }

  /// What the gate after it goes on with.
  var kept: SourceMeter? { meter }

  /// Who is let in counts in the rate; who is not does not, so that strangers can't use up what the source's own senders have.
  func refusal(of client: ClientAddress, clock: any SteadyClock) -> Refusal? {
    if !allowed.isEmpty {
      switch client {
      case .known(let address) where allowed.contains { $0.contains(address) }: break
      case .known: return .forbiddenAddress(source: source)
      case .contradictory: return .contradictoryAddresses(source: source)
      case .unknown: return .forbiddenAddress(source: source)
      }
    }
    return meter?.enter(at: clock.now()).map { .rateLimited(source: source, wait: $0) }
  }
}

/// Keeps the requests of a source to its rate; kept over reloads.
final class SourceMeter: Sendable {
  /// As many as the rate lets through in this time may come at once: senders can't wait for a better moment, as the relay does
  /// where it delivers.
  static let burstTime = Duration.seconds(1)

  private let bucket: Locked<TokenBucket>

  init(_ rate: Rate) {
    bucket = Locked(TokenBucket(rate: rate, burstTime: Self.burstTime))
  }

  func change(to rate: Rate) { bucket.withLock { $0.change(to: rate, burstTime: Self.burstTime) } }

  /// - Parameter now: By the steady clock.
  /// - Returns: nil: the request comes in, and counts. Else after which time the next one may.
  func enter(at now: Timestamp) -> Duration? {
    bucket.withLock { bucket in
      bucket.advance(to: now)
      let next = bucket.next
      guard next <= now else { return now.duration(to: next) }
      bucket.take()
      return nil
    }
  }
}
