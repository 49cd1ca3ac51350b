import RelayCore

@testable import RelayPipeline

/// As the path counts, which looks names up beforehand.
extension RelayMetrics {
  func attempt(_ destination: String, _ result: AttemptResult) {
    self.destination(destination).attempt(result)
  }

  func settled(_ destination: String, _ state: SettledState, latency: Duration? = nil) {
    self.destination(destination).settled(state, latency: latency)
  }
}

extension SourceMetrics {
  func events(_ type: String, _ count: Int = 1) { events(at: place(ofType: type), count) }
}
