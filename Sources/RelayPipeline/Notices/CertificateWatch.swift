import RelayCore
import RelayThreads

/// Looks at the certificates of destinations: a connection without a request each, one after the other, on a thread that ends with
/// the last.
final class CertificateWatch: Sendable {
  private struct State: Sendable {
    var book = CertificateBook()
    var isLooking = false
  }

  private static let patience = Duration.seconds(10)

  private let prober: any DestinationProber
  private let clock: any SteadyClock
  private let state = Locked(State())

  init(prober: any DestinationProber, clock: any SteadyClock) {
    self.prober = prober
    self.clock = clock
  }

  /// What is known now; what is not is looked for meanwhile.
  func states(of destinations: [Destination]) -> [NoticeKey: NoticeState] {
    let now = clock.reading()
    let (states, due) = state.withLock { state -> ([NoticeKey: NoticeState], [Destination]) in
      state.book.forget(besides: destinations)
      let due = state.isLooking ? [] : state.book.due(among: destinations, at: now)
      if !due.isEmpty { state.isLooking = true }
      return (state.book.states(of: destinations, at: now), due)
    }
    if !due.isEmpty, !WorkerThread.start(name: "certificates", { [self] in look(at: due) }) {
      state.withLock { $0.isLooking = false }
    }
    return states
  }

  private func look(at destinations: [Destination]) {
    for destination in destinations {
      let report = prober.connect(to: destination, within: Self.patience)
      let now = clock.reading()
      let ends = [report.certificate, report.clientCertificate].compactMap(\.self)
      let first = report.certificate.flatMap { _ in ends.min { $0.end < $1.end } }
      state.withLock { $0.book.looked(at: destination, first, now: now) }
    }
    state.withLock { $0.isLooking = false }
  }
}
