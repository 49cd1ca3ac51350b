/// At which sizes of live data something is done about it. Pure.
struct SizeMarks: Equatable {
  /// `max_size`. Before a configuration says anything: no limit.
  var maxBytes = Int.max

  private func percent(_ share: Int) -> Int { maxBytes / 100 * share }

  /// Above this, each commit is measured.
  var watched: Int { percent(75) }
  /// Above this, settled events are pruned whatever their age …
  var full: Int { percent(92) }
  /// … until no more than this is left.
  var relaxed: Int { percent(90) }
  /// Above this, each commit is followed by pruning at once, so that what comes can't outrun it.
  var urgent: Int { percent(96) }
  /// Envelopes that were refused at `maxBytes` are taken again below this.
  var resumed: Int { percent(98) }
  /// `10 GiB`, for people.
  var description: String {
    maxBytes >= 10 << 30 ? "\(maxBytes >> 30) GiB" : "\(maxBytes >> 20) MiB"
  }
}
