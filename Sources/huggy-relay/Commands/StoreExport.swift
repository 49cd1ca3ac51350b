import ArgumentParser
import Glibc
import RelayAdmin
import RelayCore
import RelayText

struct StoreExport: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export",
    abstract:
      "Write events of a running relay as JSON lines, oldest first, each with its body and deliveries.",
    discussion: discussion(
      """
      To standard output, or to a file, which is then readable by its owner alone. One that was cut off goes on with \
      --after and the id in its last whole line; a file that is named again is written on then.
      """,
      examples: "huggy-relay store export events.jsonl --since 7d",
      "huggy-relay store export --since 24h --type 'received*' | jq -r .body.body"))

  @Argument(help: "The file to write. It must not exist yet, unless with --after.", completion: .file())
  var file: String?

  @OptionGroup var filter: EventFilterOptions

  @Option(name: .long, help: "Only what arrived after this event.")
  var after: String?

  @OptionGroup var why: ReasonOptions
  @OptionGroup var options: AdminOptions

  func validate() throws {
    guard after.map({ EventID($0) != nil }) ?? true else {
      throw ValidationError("--after takes an event's id: evt_ and a UUID")
    }
  }

  func run() throws {
    var input = ExportInput()
    input.filter = filter.input()
    input.after = after
    let target = try open()
    defer { if target != STDOUT_FILENO { close(target) } }
    try options.client(why).download("/api/v1/export", input, into: target)
    if target != STDOUT_FILENO, fsync(target) != 0 {
      throw Failure(code: "not_written", message: "\(file ?? ""): \(String(cString: strerror(errno)))")
    }
  }

  private func open() throws -> Int32 {
    guard let file, file != "-" else { return STDOUT_FILENO }
    let flags = O_WRONLY | O_CREAT | O_CLOEXEC | (after == nil ? O_EXCL : O_APPEND)
    let descriptor = Glibc.open(file, flags, 0o600)
    guard descriptor >= 0 else {
      let reason = String(cString: strerror(errno))
      throw Failure(
        code: "not_written",
        message: "\(file): \(reason)" + (errno == EEXIST ? "; name another file, or go on with --after" : ""))
    }
    return descriptor
  }
}
