import RelayCore

/// What the configuration says of how long things stay, as far as it says where they are put.
package struct MoveRules: Sendable {
  /// How long settled events stay.
  package var retention: Duration
  /// The longest of any source.
  package var dedupe: Duration

  package init(retention: Duration, dedupe: Duration) {
    self.retention = retention
    self.dedupe = dedupe
  }

  package init(_ configuration: StoreConfiguration) {
    self.init(retention: configuration.retention, dedupe: configuration.dedupe)
  }
}
