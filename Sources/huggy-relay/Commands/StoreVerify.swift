import ArgumentParser
import RelayCore
import RelayJSON
import RelayPipeline
import RelayText

struct StoreVerify: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract:
      "Check the integrity of a store that no relay runs on, of a copy of it, or of one in PostgreSQL, and say what is wrong.",
    discussion: discussion(
      """
      Looks at the file's pages and indexes, and whether its rows agree: references, books, order keys, events and \
      their deliveries. Changes nothing. A file in use is not looked at, since that would hold its log for \
      minutes: look at a copy. A store in PostgreSQL may be in use; its pages and indexes are for pg_amcheck. Exits 1 \
      if something is wrong.
      """, examples: "huggy-relay store backup copy.db && huggy-relay store verify copy.db"))

  @Argument(help: "The file. Without it: the store of the configuration.", completion: .file())
  var file: String?

  @OptionGroup var configuration: ConfigurationOptions

  @Flag(name: .long, help: "Print JSON, for scripts.")
  var json = false

  func run() throws {
    let location =
      try file.map { .sqlite(path: $0) }
      ?? configuration.load(printsWarnings: false, json: json).configuration.store.location
    let verification: StoreVerification
    do throws(StoreError) {
      verification = try location.verify(isSound: EventBody.isObject) { printError("looking at \($0)…") }
    } catch {
      let hint =
        error.code == .inUse
        ? "; or look at a copy: huggy-relay store backup copy.db && huggy-relay store verify copy.db" : ""
      throw Failure(code: "not_verified", message: error.message + hint)
    }
    print(json ? Self.json(location, verification) : Self.text(location.shown, verification))
    if !verification.isSound { throw ExitCode.failure }
  }

  static func text(_ path: String, _ verification: StoreVerification) -> String {
    var lines: [String] = []
    for check in verification.checks {
      let count = check.count.map { " (\($0))" } ?? ""
      guard check.problemCount > 0 else {
        lines.append("ok     \(check.name)\(count)")
        continue
      }
      lines.append("WRONG  \(check.name)\(count): \(check.problemCount)")
      lines += check.problems.map { "         \($0.forTerminal(maxCharacters: 1_000))" }
      if check.problemCount > check.problems.count { lines.append("         …") }
      lines.append("       what to do: \(check.advice)")
    }
    if let note = verification.note { lines.append("note   \(note)") }
    lines.append(verification.isSound ? "\(path) is sound" : "\(path) is not sound")
    return lines.joined(separator: "\n")
  }

  private static func json(_ location: StoreSettings.Location, _ verification: StoreVerification) -> String {
    func string(_ text: String) -> String {
      var bytes: [UInt8] = []
      JSONWriter.appendString(text, to: &bytes)
      return String(decoding: bytes, as: UTF8.self)
    }
    let checks = verification.checks.map { check in
      #"{"name":\#(string(check.name)),"count":\#(check.count.map(String.init) ?? "null"),"#
        + #""wrong":\#(check.problemCount),"problems":[\#(check.problems.map(string).joined(separator: ","))],"#
        + #""advice":\#(string(check.advice))}"#
    }
    // Of a store that is no file, its name stands elsewhere.
    let place =
      switch location {
      case .sqlite(let path): #""file":\#(string(path))"#
      case .postgres(let address, ownFiles: _): #""file":null,"url":\#(string(address.shown))"#
      }
    return #"{\#(place),"sound":\#(verification.isSound),"#
      + #""note":\#(verification.note.map(string) ?? "null"),"checks":[\#(checks.joined(separator: ","))]}"#
  }
}
