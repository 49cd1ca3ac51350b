import ArgumentParser
import Foundation
import RelayPipeline

/// Writes the manual pages of all commands: for `make install`, and for who packages the relay.
struct ManualCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "manual", abstract: "Write the manual pages (man1) of all commands into a folder.",
    discussion: discussion(examples: "huggy-relay manual /usr/local/share/man/man1"), shouldDisplay: false)

  @Argument(help: "The folder; it is made if it is not there.", completion: .directory)
  var folder: String

  func run() throws {
    do {
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      let dump = Data(HuggyRelay._dumpHelp().utf8)
      let root = try JSONDecoder().decode(CommandDescription.Dump.self, from: dump).command
      for command in root.all {
        let page = ManualPage(command, version: RelayVersion.number)
        try Data(page.text.utf8).write(to: URL(filePath: folder).appending(path: page.fileName))
      }
    } catch {
      throw Failure(
        code: "not_written",
        message: "the manual pages can't be written into \(folder): \(error.localizedDescription)")
    }
  }
}
