import RelayText

extension SinkRequest {
  /// One line for people: time (UTC), status, path, type, company, chat, webhook-id, attempt, signature. `-`
  /// stands for what the request doesn't say.
  package var line: String {
    [
      String(receivedAt.description.dropFirst(11)),
      String(answeredStatus),
      Self.column(path, width: 12),
      Self.column(eventType, width: 23),
      Self.column(company, width: 6),
      Self.column(chat, width: 10),
      Self.column(webhookID, width: 40),
      Self.column("attempt \(attempt.map(String.init) ?? "-")", width: 10),
      "signature \(signature == .notChecked ? "-" : signature.rawValue)",
    ].joined(separator: "  ")
  }

  /// Padded to its width, so that lines align; what is longer is shown, to a limit: nobody guesses an id's
  /// rest.
  private static func column(_ text: String?, width: Int) -> String {
    let shown = (text?.isEmpty ?? true) ? "-" : text!.forTerminal(maxCharacters: 80)
    return shown + String(repeating: " ", count: max(0, width - shown.count))
  }
}
