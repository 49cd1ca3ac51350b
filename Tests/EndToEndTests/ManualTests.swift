import Foundation
import RelayHarness
import Testing

/// What the commands say of themselves.
@Suite(.timeLimit(.minutes(15))) struct ManualTests {
  private struct Dump: Decodable {
    var command: Command
  }

  private struct Command: Decodable {
    var superCommands: [String]?
    var shouldDisplay: Bool?
    var commandName: String
    var abstract: String?
    var discussion: String?
    var subcommands: [Command]?

    var path: [String] { (superCommands ?? []) + [commandName] }
    var all: [Command] {
      let shown = (subcommands ?? []).filter { $0.shouldDisplay != false && $0.commandName != "help" }
      return [self] + shown.flatMap(\.all)
    }
  }

  private static func commands() throws -> [Command] {
    let dump = try Setting.run(["--experimental-dump-help"])
    return try JSONDecoder().decode(Dump.self, from: Data(dump.output.utf8)).command.all
  }

  @Test func theHelpOfEachCommandHasAnExampleOfIt() throws {
    let commands = try Self.commands()
    #expect(commands.count > 15)
    for command in commands {
      let name = command.path.joined(separator: " ")
      let words = "\(name) "
      #expect(
        "\(command.discussion ?? "")\n".replacing("\n", with: " \n").contains(words),
        "\(name) --help has no example: give its CommandConfiguration discussion(…, examples: …)")
    }
  }

  @Test func noExampleIsBrokenByATerminalOf80Columns() throws {
    for command in try Self.commands() {
      let lines = (command.discussion ?? "").split(separator: "\n").filter { $0.hasPrefix("  ") }
      #expect(!lines.isEmpty, "\(command.path.joined(separator: " "))")
      #expect(lines.filter { $0.count > 80 } == [], "\(command.path.joined(separator: " "))")
    }
  }

  @Test func eachCommandHasAManualPageThatSaysWhatItsHelpSays() throws {
    let folder = try TemporaryFolder()
    _ = try Setting.run(["manual", "\(folder.path)/man1"])
    let commands = try Self.commands()
    let names = commands.map { $0.path.joined(separator: "-") }
    let files = try FileManager.default.contentsOfDirectory(atPath: "\(folder.path)/man1")
    #expect(Set(files) == Set(names.map { "\($0).1" }))
    for (command, name) in zip(commands, names) {
      let page = try String(contentsOfFile: "\(folder.path)/man1/\(name).1", encoding: .utf8)
      #expect(page.contains("\n.SH EXAMPLES\n"), "\(name): its examples stand in no section of their own")
      let words = page.replacing(#"\-"#, with: "-").replacing(#"\e"#, with: #"\"#)
      #expect(page.hasPrefix(".TH \"\(name.uppercased())\" 1 "))
      #expect(words.contains(String(command.abstract?.dropLast() ?? "?")), "\(name)")
      let lines = page.split(separator: "\n")
      #expect(
        !lines.contains {
          $0.hasPrefix("'") || ($0.hasPrefix(".") && !Self.requests.contains(String($0.prefix { $0 != " " })))
        })
    }
  }

  private static let requests: Set = [
    ".TH", ".nh", ".ad", ".SH", ".TP", ".B", ".BR", ".br", ".PP", ".nf", ".fi",
  ]

  @Test(arguments: ["bash", "zsh", "fish"]) func thereAreCompletionsForEachShell(_ shell: String) throws {
    let script = try Setting.run(["--generate-completion-script", shell]).output
    for word in ["deliveries", "gaps", "admin-token"] { #expect(script.contains(word), "\(word)") }
  }
}
