import RelayCore

extension RetryPolicy {
  mutating func read(_ node: ConfigNode) {
    let expected = "a mapping with initial, factor, max_delay, jitter, max_age and max_attempts"
    guard var section = node.section(expected) else { return }
    let first = section.take("initial")
    initial = first?.duration() ?? initial
    factor = section.take("factor")?.number(1...100) ?? factor
    let longest = section.take("max_delay")
    maxDelay = longest?.duration() ?? maxDelay
    jitter = section.take("jitter")?.number(0...1) ?? jitter
    maxAge = section.take("max_age")?.duration() ?? maxAge
    if let attempts = section.take("max_attempts") {
      maxAttempts = attempts.isKeyword("unlimited") ? nil : attempts.attempts() ?? maxAttempts
    }
    section.finish()
    if maxDelay < initial, maxDelay != .unresolved, let node = longest ?? first {
      node.error("max_delay is shorter than initial; raise max_delay, or lower initial")
    }
  }
}

extension ConfigNode {
  /// nil: a fault; .some(nil): unlimited.
  fileprivate func attempts() -> Int?? {
    value("a number of attempts, or unlimited", words: ["unlimited"], placeholder: nil) {
      text throws(Fault) in
      if text == "unlimited" { return nil }
      guard let count = Units.integer(text), (1...1_000_000_000).contains(count) else {
        throw Fault("is not a number of attempts; write 1 or more, or unlimited")
      }
      return count
    }
  }
}
