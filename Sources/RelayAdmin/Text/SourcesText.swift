import RelayCore
import RelayPipeline
import RelayText

/// What is shown of sources and their tokens.
package enum SourcesText {
  /// What `huggy-relay token list` shows.
  ///
  /// - Returns: Lines, without a line end at the end.
  package static func render(_ sources: [SourceAnswer], now: Timestamp, pen: Pen) -> String {
    typealias Column = TextTable<SourceAnswer>.Column
    let table = TextTable(
      [
        Column("SOURCE") { $0.name },
        Column("TOKEN") { TextCell($0.token, ink(of: $0)) },
        Column("REFUSED", .right) { $0.refused.grouped },
        Column("WHY") { source in
          source.refusedBy.isEmpty
            ? "-" : source.refusedBy.map { "\($0.reason) \($0.count.grouped)" }.joined(separator: ", ")
        },
        Column("LAST HANDSHAKE") { $0.lastHandshake?.text(at: now) ?? "-" },
        Column("LAST ENVELOPE") { $0.lastEnvelope?.text(at: now) ?? "-" },
      ])
    let lines = table.lines(sources, pen) + sources.flatMap { details($0, now: now, pen: pen) }
    return lines.joined(separator: "\n")
  }

  /// What `huggy-relay status` says of those that a person must do something about; nothing, where there are none.
  static func notes(_ sources: [SourceAnswer], now: Timestamp, pen: Pen) -> [String] {
    let notes = sources.flatMap { source -> [String] in
      switch TokenState(rawValue: source.token) {
      case .closed, .learning, .candidates: details(source, now: now, pen: pen)
      case .configured, .none?, .learned, nil: []
      }
    }
    return notes
  }

  /// What `huggy-relay status` says of those that are silent; nothing, where there are none.
  static func silences(_ sources: [SourceAnswer], now: Timestamp, pen: Pen) -> [String] {
    let silent = sources.filter(\.silent)
    return (silent.isEmpty ? [] : [""])
      + silent.map { source in
        let since = source.silentSince.map { " since \($0.text(at: now))" } ?? ""
        let last =
          source.lastEnvelope.map { "its last envelope was accepted \($0.duration(to: now).ageText) ago" }
          ?? "no envelope of it is known"
        let text =
          "\(source.name) is silent\(since): \(last). Does Huggy still send, and is it refused? "
          + "See `huggy-relay rejections` and `huggy-relay gaps`"
        return pen(text.forTerminal(maxCharacters: 500), .bad)
      }
  }

  /// What `token learn` shows of a source whose window has just been opened, or whose candidate was confirmed.
  package static func source(_ source: SourceAnswer, now: Timestamp, pen: Pen) -> String {
    details(source, now: now, pen: pen).dropFirst().joined(separator: "\n")
  }

  private static func ink(of source: SourceAnswer) -> Ink {
    switch TokenState(rawValue: source.token) {
    case .configured, .learned: .good
    case .none?, .closed, .learning, .candidates: .warning
    case nil: .plain
    }
  }

  private static func details(_ source: SourceAnswer, now: Timestamp, pen: Pen) -> [String] {
    switch TokenState(rawValue: source.token) {
    case .configured, .none?, nil: return []
    case .closed:
      return [
        "",
        pen(
          "\(source.name) knows no token, so everybody is refused: huggy-relay token learn \(source.name) --for 15m",
          .warning),
      ]
    case .learning:
      return [
        "",
        "\(source.name) waits for a handshake until \(source.learningUntil?.text(at: now) ?? "its end"): "
          + "save its URL (path \(source.path)) in Huggy now",
      ]
    case .learned:
      return ["", "\(source.name) learned its token at \(source.learnedAt?.text(at: now) ?? "-")"]
    case .candidates: return [""] + candidates(source, now: now, pen: pen)
    }
  }

  private static func candidates(_ source: SourceAnswer, now: Timestamp, pen: Pen) -> [String] {
    typealias Column = TextTable<SourceAnswer.TokenCandidate>.Column
    let table = TextTable(
      [
        Column("CANDIDATE") { $0.id },
        Column("TOKEN") { $0.token },
        Column("FROM") { from($0) },
        Column("AGENT") { $0.agent ?? "-" },
        Column("FIRST") { $0.firstAt.text(at: now) },
        Column("TIMES", .right) { $0.count.grouped },
      ])
    let advice =
      source.ambiguous
      ? pen(
        "different tokens have come, so neither can be confirmed: find out who else knows the path, then begin anew with "
          + "huggy-relay token learn \(source.name)", .bad)
      : "if it is Huggy's: huggy-relay token learn \(source.name) --confirm \(source.candidates.first?.id ?? "ID")"
    return ["\(source.name): handshakes that have come"] + table.lines(source.candidates, pen) + [advice]
  }

  private static func from(_ candidate: SourceAnswer.TokenCandidate) -> String {
    let peer = candidate.peer ?? "-"
    return candidate.forwardedFor.map { "\($0) by \(peer)" } ?? peer
  }
}
