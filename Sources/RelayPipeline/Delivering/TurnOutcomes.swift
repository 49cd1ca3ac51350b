import RelayCore

/// What the attempts of one turn came to.
struct TurnOutcomes: Sendable {
  var settlements: [Settlement] = []
  /// Somebody reads the stream.
  let isWatched: Bool
  var watched: [SettledAttempt] = []
  /// Somebody waits for one of them.
  var isUrgent = false
  var settled: [Dispatcher.Settled] = []
  var ended: [(metrics: DestinationMetrics, state: RelayMetrics.SettledState, latency: Duration?)] = []

  init(isWatched: Bool) {
    self.isWatched = isWatched
  }

  mutating func add(
    _ settlement: Settlement, of delivery: Delivery, _ metrics: DestinationMetrics, isUrgent: Bool,
    at now: Timestamp
  ) {
    settlements.append(settlement)
    if isUrgent { self.isUrgent = true }
    if isWatched { watched.append(SettledAttempt(settlement: settlement, delivery: delivery)) }
    settled.append(
      Dispatcher.Settled(
        destination: delivery.destination, queue: delivery.queue, outcome: settlement.outcome))
    switch settlement.outcome {
    case .retry: return
    case .dead: ended.append((metrics, .dead, nil))
    case .delivered:
      // How old a replayed event is says nothing of how fast it went.
      let latency =
        delivery.queue == .live ? delivery.event.envelope.receivedAt.duration(to: now) : nil
      ended.append((metrics, .delivered, latency))
    }
  }
}
