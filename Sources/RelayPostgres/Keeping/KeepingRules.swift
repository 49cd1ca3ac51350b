import RelayCore

/// What the configuration says of how long things stay, and of how much.
struct KeepingRules: Sendable, Equatable {
  /// Of settled events.
  var retention: Duration
  /// Of what tells envelopes that come again.
  var dedupe: Duration
  /// In bytes.
  var maxBytes: Int

  init(retention: Duration, dedupe: Duration, maxBytes: Int = .max) {
    self.retention = retention
    self.dedupe = dedupe
    self.maxBytes = maxBytes
  }

  init(_ configuration: StoreConfiguration) {
    self.init(
      retention: configuration.retention, dedupe: configuration.dedupe, maxBytes: configuration.maxBytes)
  }
}

/// What the store's thread and its keeper tell each other.
struct KeepingWord: Sendable {
  /// nil: nothing is configured yet.
  var rules: KeepingRules?
  /// Why nothing is taken that needs room; nil: it is.
  var refusal: StoreError?
}
