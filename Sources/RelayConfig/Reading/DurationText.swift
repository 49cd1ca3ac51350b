extension Duration {
  /// Reads a duration as routes.yaml writes it: `250ms`, `5s`, `10m`, `24h`, `7d`. Nil for anything else.
  package init?(configurationText text: String) {
    guard let duration = try? Units.duration(text) else { return nil }
    self = duration
  }
}
