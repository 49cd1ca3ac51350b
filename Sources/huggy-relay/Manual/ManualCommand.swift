import ArgumentParser
import FoundationEssentials
import Glibc
import RelayPipeline

/// Writes the manual pages of all commands: for `make install`, and for who packages the relay.
struct ManualCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "manual", abstract: "Write the manual pages (man1) of all commands into a folder.",
    discussion: discussion(examples: "huggy-relay manual /usr/local/share/man/man1"), shouldDisplay: false)

  @Argument(help: "The folder; it is made if it is not there.", completion: .directory)
  var folder: String

  func run() throws {
    let dump = Data(HuggyRelay._dumpHelp().utf8)
    let root = try JSONDecoder().decode(CommandDescription.Dump.self, from: dump).command
    guard makeFolder(folder[...]) else { throw failure() }
    for command in root.all { try write(ManualPage(command, version: RelayVersion.number)) }
  }

  private func write(_ page: ManualPage) throws {
    let file = open("\(folder)/\(page.fileName)", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
    guard file >= 0 else { throw failure() }
    defer { close(file) }
    guard Descriptor.write(Array(page.text.utf8), to: file) else { throw failure() }
  }

  /// A folder, and those that it lies in.
  ///
  /// - Returns: False: it is not there; `errno` says why.
  private func makeFolder(_ path: Substring) -> Bool {
    if mkdir(String(path), 0o777) == 0 || errno == EEXIST { return true }
    guard errno == ENOENT, let slash = path.lastIndex(of: "/"), slash > path.startIndex else { return false }
    return makeFolder(path[..<slash]) && (mkdir(String(path), 0o777) == 0 || errno == EEXIST)
  }

  private func failure() -> Failure {
    Failure(
      code: "not_written",
      message: "the manual pages can't be written into \(folder): \(String(cString: strerror(errno)))")
  }
}
