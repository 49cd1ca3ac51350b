import RelayCore
import RelayText

/// What `huggy-relay gaps` shows.
package enum GapsText {
  /// - Parameter isOfAllTime: No time was asked for.
  /// - Returns: Lines, without a line end at the end.
  package static func render(_ answer: GapsAnswer, now: Timestamp, isOfAllTime: Bool, pen: Pen) -> String {
    guard !answer.gaps.isEmpty else {
      return isOfAllTime ? "no gap is known" : "no gap is known in that time"
    }
    let table = TextTable<GapAnswer>([
      .init("BEGAN") { $0.beganAt.text(at: now) },
      .init("ENDED") { "\($0.endedAt)" },
      .init("FOR", .right) { $0.beganAt.duration(to: $0.endedAt).ageText },
      .init("WHAT") { TextCell($0.words, $0.kind == Gap.Kind.unauthorized.name ? .warning : .bad) },
      .init("SOURCE") { $0.source ?? "-" },
      .init("REFUSED", .right) { $0.count == 0 ? "?" : $0.count.grouped },
      .init("REASON") { $0.reason },
    ])
    let advice =
      "Count what was refused, and what was sent while the relay was down, as lost: Huggy publishes no retry policy."
    return (table.lines(answer.gaps, pen) + ["", pen(advice, .faint)]).joined(separator: "\n")
  }
}

extension GapAnswer {
  fileprivate var words: String {
    switch Gap.Kind.allCases.first(where: { $0.name == kind }) {
    case .down: "down"
    case .unavailable: "refused (503)"
    case .unauthorized: "refused (401)"
    case nil: kind
    }
  }
}
