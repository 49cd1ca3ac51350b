/// Text for Slack, and for chats that take what Slack takes, each with marks of its own. For what one of them would take for a mark stands
/// a character that looks like it: escapes would be read as they are where the mark is none.
enum ChatText {
  /// Nothing in it is a mark: names, and what was read from a file or said by a receiver.
  static func plain(_ text: String) -> String {
    var plain = ""
    var last: Character = " "
    var rest = text[...]
    while let character = rest.popFirst() {
      plain.append(likeness(of: character, between: last, and: rest.first ?? " "))
      last = character
    }
    return plain
  }

  /// The relay's own words: what stands between backticks stays, so that a command can be copied.
  static func withCode(_ text: String) -> String {
    String(text.map { escaped($0) ?? $0 })
  }

  /// Slack reads these everywhere: links, mentions such as `<!channel>`, entities.
  private static func escaped(_ character: Character) -> Character? {
    switch character {
    case "<": "‹"
    case ">": "›"
    case "&": "+"
    default: nil
    }
  }

  private static func likeness(of character: Character, between last: Character, and next: Character)
    -> Character
  {
    switch character {
    case "*": "∗"
    case "~": "∼"
    case "`": "'"
    // Inside a word it is none: quiet_after.
    case "_": last.isInWord && next.isInWord ? "_" : "ˍ"
    // Mattermost calls whom it names; in an address it is none.
    case "@": last.isInWord ? "@" : "＠"
    default: escaped(character) ?? character
    }
  }
}

extension Character {
  fileprivate var isInWord: Bool { isLetter || isNumber }
}
