import RelayCore
import RelayText

extension Destination {
  /// Takes `concurrency`, `rate`, `order_by` and `batch`.
  mutating func readPace(_ section: inout Section) {
    concurrency = section.take("concurrency")?.integer(Destination.concurrencyBounds) ?? concurrency
    if let node = section.take("rate") { rate = node.rate() ?? rate }
    ordering = section.take("order_by")?.ordering() ?? ordering
    if let node = section.take("batch") { batch = node.batchPolicy(over: batch) ?? batch }
  }

  /// Takes `paused`. A destination's own word replaces that of the defaults, and its location.
  mutating func readPause(_ section: inout Section) {
    guard let entry = section.entry("paused"), let isPaused = entry.value.bool() else { return }
    pausedAt = isPaused ? "\(entry.value.reading.file):\(entry.location.line)" : nil
  }
}

extension CircuitPolicy {
  mutating func read(_ node: ConfigNode) {
    guard var section = node.section("a mapping with failures and probe_every") else { return }
    failures = section.take("failures")?.integer(1...1_000) ?? failures
    let shortest = Duration.milliseconds(100)
    probeEvery = section.take("probe_every")?.duration(shortest ... .longestText) ?? probeEvery
    section.finish()
  }
}

extension ConfigNode {
  /// Also a source's. nil: a fault; .some(nil): unlimited.
  func rate() -> Rate?? {
    value(
      "a rate such as 100/s", words: ["unlimited"],
      form: .pattern("^\(TextPattern.number(in: 1...1_000_000))/[smh]$"),
      placeholder: nil
    ) { text throws(Fault) in
      if text == "unlimited" { return nil }
      let rate = try Units.rate(text)
      guard (1...1_000_000).contains(rate.count) else {
        throw Fault("has a number that is out of range; from 1 to 1000000")
      }
      return rate
    }
  }

  fileprivate func ordering() -> Ordering? {
    let orderings = Ordering.allCases
    let expected = "none, chat or destination"
    let words = orderings.map(\.word)
    return value(expected, words: words, form: .words(words), placeholder: Ordering.none) {
      text throws(Fault) in
      guard let ordering = orderings.first(where: { $0.word == text }) else {
        throw Fault("is not an order; write \(expected)")
      }
      return ordering
    }
  }

  func backlogLimit() -> BacklogLimit? {
    value(
      "a share such as 50%, or a size",
      form: .pattern("^(\(TextPattern.positive)(B|KiB|MiB|GiB)|\(TextPattern.number(in: 1...100))%)$"),
      placeholder: .share(0.5)
    ) { text throws(Fault) in
      if text.hasSuffix("%"), let percent = Units.integer(String(text.dropLast())) {
        guard (1...100).contains(percent) else { throw Fault("is out of range; from 1% to 100%") }
        return .share(Double(percent) / 100)
      }
      guard let size = try? Units.size(text) else {
        throw Fault(
          "is neither a share nor a size; write a share of max_size such as 50%, or a size such as 2GiB")
      }
      guard size >= 1 << 10 else { throw Fault("is too small; at least 1KiB") }
      guard size <= 1 << 50 else { throw Fault("is too large; at most \(SizeText.text(bytes: 1 << 50))") }
      return .bytes(size)
    }
  }
}

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
    value(
      "a number of attempts, or unlimited", words: ["unlimited"], form: .integer(1...1_000_000_000),
      placeholder: nil
    ) {
      text throws(Fault) in
      if text == "unlimited" { return nil }
      guard let count = Units.integer(text), (1...1_000_000_000).contains(count) else {
        throw Fault("is not a number of attempts; write 1 or more, or unlimited")
      }
      return count
    }
  }
}
