import ArgumentParser
import Foundation
import RelayJSON

struct StoreCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "store", abstract: "Look after the store.", subcommands: [Backup.self])

  struct Backup: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Write a consistent copy of a running relay's store to a file.",
      discussion: """
        The relay goes on meanwhile; everything that it accepted before the copy was done is in it. The copy is made \
        beside the store first and takes as much room there until it has been fetched. The file is readable by its \
        owner alone: it holds what customers wrote. To restore one, see docs/operations.md.
        """)

    @Argument(help: "The file to write. It must not exist yet.", completion: .file())
    var file: String

    @OptionGroup var options: AdminOptions

    func run() throws {
      let target = try NewFile(path: file)
      do {
        try options.client().download("/api/v1/store/backup", into: target.descriptor)
        let bytes = try target.finish()
        var json = Array(#"{"file":"#.utf8)
        JSONWriter.appendString(file, to: &json)
        json += Array(#","bytes":\#(bytes)}"#.utf8)
        try options.show(json) { _ in "\(file): \(bytes) bytes" }
      } catch {
        target.discard()
        throw error
      }
    }
  }
}

/// A file that has its name only once it is whole and on disk.
private final class NewFile {
  let descriptor: Int32
  private let path: String
  private var partPath: String { path + ".part" }

  init(path: String) throws {
    self.path = path
    guard access(path, F_OK) != 0 else {
      printError("\(path) exists; name a file that does not, or move that one away")
      throw ExitCode.failure
    }
    unlink(path + ".part")
    descriptor = open(path + ".part", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard descriptor >= 0 else { throw Self.failure("can't write \(path).part") }
  }

  /// - Returns: How many bytes it has.
  func finish() throws -> Int {
    var status = stat()
    guard fsync(descriptor) == 0, fstat(descriptor, &status) == 0 else {
      throw Self.failure("can't write \(partPath)")
    }
    // As a link, since a rename would replace what has come there meanwhile.
    guard link(partPath, path) == 0 else { throw Self.failure("can't name it \(path)") }
    discard()
    let slash = path.lastIndex(of: "/")
    let folder = open(
      slash.map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? ".", O_RDONLY | O_CLOEXEC)
    if folder >= 0 {
      fsync(folder)
      close(folder)
    }
    return Int(status.st_size)
  }

  func discard() {
    unlink(partPath)
  }

  deinit {
    if descriptor >= 0 { close(descriptor) }
  }

  private static func failure(_ what: String) -> ExitCode {
    printError("\(what): \(String(cString: strerror(errno)))")
    return ExitCode.failure
  }
}
