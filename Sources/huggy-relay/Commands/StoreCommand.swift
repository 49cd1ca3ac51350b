import ArgumentParser
import RelayCore
import RelayJSON
import RelayText

struct StoreCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "store", abstract: "Look after the store.",
    discussion: discussion(examples: "huggy-relay store backup copy.db"),
    subcommands: [Backup.self, StoreVerify.self, StoreExport.self, StoreMigrate.self])

  struct Backup: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Write a consistent copy of a running relay's store to a file.",
      discussion: discussion(
        """
        The relay goes on meanwhile; everything that it accepted before the copy was done is in it. The copy is made \
        beside the store first and takes as much room there until it has been fetched. The file is readable by its \
        owner alone: it holds what customers wrote. To restore one, see docs/operations.md#restore. A store in PostgreSQL \
        is refused: copy it with pg_dump (docs/postgresql.md#backups).
        """,
        examples: "huggy-relay store backup copy.db"))

    @Argument(help: "The file to write. It must not exist yet.", completion: .file())
    var file: String

    @OptionGroup var why: ReasonOptions
    @OptionGroup var options: AdminOptions

    func validate() throws {
      guard file != "-" else {
        throw ValidationError(
          "a backup is written to a file, not to standard output; for a file of that name write ./-")
      }
    }

    func run() throws {
      guard !file.hasSuffix(".huggy-relay-copy") else {
        throw Failure(code: "bad_name", message: "the relay removes files of this name: choose another")
      }
      let target = try NewFile(path: file)
      let format = try options.client(why).downloadCopy("/api/v1/store/backup", into: target.descriptor)
      try check(target, against: format)
      let bytes = try target.finish()
      var json = Array(#"{"file":"#.utf8)
      JSONWriter.appendString(file, to: &json)
      json += Array(#","bytes":\#(bytes)}"#.utf8)
      try options.show(json) { _ in "\(file): \(bytes.counted("byte", "bytes"))" }
    }

    private func check(_ file: NewFile, against format: StoreCopyFormat) throws {
      switch format.fault(file.descriptor) {
      case nil: return
      case .notACopy:
        throw Failure(code: "not_a_copy", message: "what came is no \(format.name); is --admin right?")
      case .notWhole:
        throw Failure(
          code: "not_whole",
          message: "the copy is not whole: something between cut it off; try again, nearer to the relay")
      }
    }
  }
}
