/// A command as the parser describes it (`--experimental-dump-help`): what its help says, in parts.
struct CommandDescription: Decodable {
  struct Dump: Decodable {
    var command: CommandDescription
  }

  /// An option, a flag, or an argument that stands by itself.
  struct Argument: Decodable {
    struct Name: Decodable {
      /// `long`, `short` or `longWithSingleDash`.
      var kind: String
      var name: String

      var text: String { kind == "long" ? "--\(name)" : "-\(name)" }
    }

    /// `positional`, `option` or `flag`.
    var kind: String
    var shouldDisplay: Bool
    var isOptional: Bool
    var isRepeating: Bool
    var names: [Name]?
    var valueName: String?
    var defaultValue: String?
    var allValues: [String]?
    var abstract: String?
  }

  /// Those that it belongs to, the outermost first.
  var superCommands: [String]?
  var shouldDisplay: Bool?
  var commandName: String
  var abstract: String?
  var discussion: String?
  var subcommands: [CommandDescription]?
  var arguments: [Argument]?

  /// As it is typed: `huggy-relay store backup`.
  var path: [String] { (superCommands ?? []) + [commandName] }

  /// What it has under it and shows, but for `help`, which every one has.
  var shownSubcommands: [CommandDescription] {
    (subcommands ?? []).filter { $0.shouldDisplay != false && $0.commandName != "help" }
  }

  var shownArguments: [Argument] { (arguments ?? []).filter(\.shouldDisplay) }

  /// Itself, and all under it.
  var all: [CommandDescription] { [self] + shownSubcommands.flatMap(\.all) }
}
