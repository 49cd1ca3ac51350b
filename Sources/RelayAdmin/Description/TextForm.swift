/// What a text looks like, as JSON Schema says it. All that is taken has this form; what has it may be wrong all the same: a day that
/// there is not, a name that leads nowhere.
package struct TextForm: Sendable, Equatable {
  /// A regular expression.
  let pattern: String

  init(_ pattern: String) {
    self.pattern = pattern
  }

  /// Not empty.
  static let filled = TextForm(#"^[\s\S]"#)
  /// One or several, with commas between them.
  static let list = TextForm("[^,]")

  private static let length = "[0-9]+(ms|s|m|h|d)"
  static let duration = TextForm("^\(length)$")
  /// RFC 3339, or how long ago.
  static let time = TextForm(
    "^(\(length)|[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}"
      + #"(\.[0-9]+)?([Zz]|[+ -][0-9]{2}:[0-9]{2}))$"#)
  static let rate = TextForm("^[0-9]+/[smh]$")

  private static let event = "evt_[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}"
  static let eventID = TextForm("^\(event)$")
  static let eventIDs = TextForm(event)
  /// A message of the stream.
  static let liveID = TextForm(#"^\#(event)\.[0-9]+$"#)
  /// A place in a list, as a page's `next` says it; a number that the relay has given.
  static let number = TextForm("^(0|[1-9][0-9]{0,17})$")
  static let numberOrEventID = TextForm("^([1-9][0-9]{0,17}|\(event))$")
  static let status = TextForm("[1-9][0-9xX]{2}|none|unattempted")

  /// One of these, or several.
  static func words(_ words: [String]) -> TextForm { TextForm(words.joined(separator: "|")) }
}
