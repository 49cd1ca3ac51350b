import RelayCore

extension Timestamp {
  /// Huggy's `send_at` and `closed_at`: `2019-07-11 18:04:39`, three hours behind UTC.
  var huggyLocalTime: String {
    let text = inBrasilia.description
    return "\(text.prefix(10)) \(text.dropFirst(11).prefix(8))"
  }

  /// What a flow says first.
  var huggyGreeting: String {
    switch Int(inBrasilia.description.dropFirst(11).prefix(2)) ?? 0 {
    case 5..<12: "bom dia"
    case 12..<18: "boa tarde"
    default: "boa noite"
    }
  }

  private var inBrasilia: Timestamp { advanced(by: .seconds(-3 * 3600)) }
}
