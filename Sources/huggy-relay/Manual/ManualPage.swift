/// A manual page of section 1, in the language of man(7), made from what the parser says of a command: so it never says anything else.
struct ManualPage {
  /// `huggy-relay-store-backup.1`.
  let fileName: String
  let text: String

  /// - Parameter version: Of the program.
  init(_ command: CommandDescription, version: String) {
    let title = command.path.joined(separator: "-")
    fileName = "\(title).1"
    var page = Page()
    page.line(#".TH "\#(title.uppercased())" 1 "" "huggy-relay \#(version)" "huggy-relay""#)
    // Names of options and headers are not broken between lines, nor words torn apart to fill them.
    page.line(".nh")
    page.line(".ad l")
    page.section("NAME")
    page.text("\(title) - \((command.abstract ?? "").withoutDot)")
    page.section("SYNOPSIS")
    page.line(".B \(Self.escaped(command.path.joined(separator: " ")))")
    page.text(Self.synopsis(of: command))
    if let discussion = command.discussion { page.describe(discussion) }
    page.arguments(of: command)
    page.subcommands(of: command)
    page.exitStatus()
    page.seeAlso(command)
    text = page.text
  }

  /// What follows the command's name where it is called.
  private static func synopsis(of command: CommandDescription) -> String {
    var words = command.shownSubcommands.isEmpty ? [] : ["<subcommand>"]
    if command.shownArguments.contains(where: { $0.kind != "positional" }) { words.append("[<options>]") }
    for argument in command.shownArguments where argument.kind == "positional" {
      let word = "<\(argument.valueName ?? "value")>\(argument.isRepeating ? " ..." : "")"
      words.append(argument.isOptional ? "[\(word)]" : word)
    }
    return words.joined(separator: " ")
  }

  /// What the language would take for its own is told apart: backslashes, dashes (which would become hyphens), and dots and
  /// apostrophes at a line's beginning.
  fileprivate static func escaped(_ text: String) -> String {
    let escaped = text.replacing(#"\"#, with: #"\e"#).replacing("-", with: #"\-"#)
    return escaped.hasPrefix(".") || escaped.hasPrefix("'") ? #"\&"# + escaped : escaped
  }
}

/// A page that is being written.
private struct Page {
  private(set) var text = ""

  /// As it is.
  mutating func line(_ line: String) { text += line + "\n" }

  mutating func section(_ title: String) { line(".SH \(title)") }

  /// Text, which is filled; an empty line begins another paragraph.
  mutating func text(_ words: String) {
    for part in words.split(separator: "\n", omittingEmptySubsequences: false) {
      // What shows how a command is called stays a line of its own.
      if part.contains("huggy-relay ") { line(".br") }
      line(part.isEmpty ? ".PP" : ManualPage.escaped(String(part)))
    }
  }

  /// The discussion; its examples are a section of their own, and stay as they are.
  mutating func describe(_ discussion: String) {
    let lines = discussion.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    let start = lines.firstIndex { $0 == "Example:" || $0 == "Examples:" } ?? lines.endIndex
    let words = lines[..<start].joined(separator: "\n").trimmed
    if !words.isEmpty {
      section("DESCRIPTION")
      text(words)
    }
    guard start < lines.endIndex else { return }
    section("EXAMPLES")
    line(".nf")
    for example in lines[(start + 1)...] { line(ManualPage.escaped(example)) }
    line(".fi")
  }

  mutating func arguments(of command: CommandDescription) {
    for (title, isWanted) in [
      ("ARGUMENTS", { $0.kind == "positional" }), ("OPTIONS", { $0.kind != "positional" }),
    ] as [(String, (CommandDescription.Argument) -> Bool)] {
      let arguments = command.shownArguments.filter(isWanted)
      guard !arguments.isEmpty else { continue }
      section(title)
      for argument in arguments { describe(argument) }
    }
  }

  private mutating func describe(_ argument: CommandDescription.Argument) {
    let value = "<\(argument.valueName ?? "value")>"
    let names = (argument.names ?? []).map(\.text).joined(separator: ", ")
    let title =
      switch argument.kind {
      case "positional": value
      case "flag": names
      default: "\(names) \(value)"
      }
    line(".TP")
    line(".B \(ManualPage.escaped(title))")
    var words = [argument.abstract ?? ""]
    if let values = argument.allValues, !values.isEmpty {
      words.append("One of: \(values.joined(separator: ", ")).")
    }
    if let value = argument.defaultValue, argument.kind != "flag" { words.append("Default: \(value).") }
    text(words.filter { !$0.isEmpty }.joined(separator: " "))
  }

  mutating func subcommands(of command: CommandDescription) {
    guard !command.shownSubcommands.isEmpty else { return }
    section("COMMANDS")
    for subcommand in command.shownSubcommands {
      line(".TP")
      line(".BR \(ManualPage.escaped(subcommand.path.joined(separator: "-"))) (1)")
      text(subcommand.abstract ?? "")
    }
  }

  mutating func exitStatus() {
    section("EXIT STATUS")
    for (status, meaning) in [
      ("0", "Done."), ("1", "It failed, or what was looked at is not as it should be."),
      ("64", "Wrong usage."),
      ("69", "The relay's admin API can't be reached."), ("78", "The configuration is wrong."),
    ] {
      line(".TP")
      line(".B \(status)")
      text(meaning)
    }
  }

  mutating func seeAlso(_ command: CommandDescription) {
    guard let parents = command.superCommands, !parents.isEmpty else { return }
    section("SEE ALSO")
    line(".BR \(ManualPage.escaped(parents.joined(separator: "-"))) (1)")
  }
}

extension String {
  fileprivate var withoutDot: String { hasSuffix(".") ? String(dropLast()) : self }

  /// Without white space at either end.
  var trimmed: String {
    var text = self[...]
    while text.last?.isWhitespace == true { text.removeLast() }
    return String(text.drop { $0.isWhitespace })
  }
}
