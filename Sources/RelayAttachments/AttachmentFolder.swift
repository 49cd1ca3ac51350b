import Glibc
import RelayCore

/// Where files are on the disk: `index.db`, `incoming/` for what is being fetched, and `files/` by hash, in folders by its first four
/// digits. All of it is for the relay's user alone, or for its group as well, where the folder above is a group's, as the store is.
struct AttachmentFolder: Sendable {
  let path: String

  var indexPath: String { "\(path)/index.db" }
  private var incoming: String { "\(path)/incoming" }
  private var files: String { "\(path)/files" }

  /// Something was kept here by this or an earlier run.
  var isThere: Bool { access(indexPath, F_OK) == 0 }

  /// Where a file of this hash is, or would be.
  func path(ofHash hash: String) -> String { "\(folder(ofHash: hash))/\(hash)" }

  private func folder(ofHash hash: String) -> String {
    "\(files)/\(hash.prefix(2))/\(hash.dropFirst(2).prefix(2))"
  }

  /// Whether the folder above is a group's: then the next start may be another user's.
  private var isForGroup: Bool {
    var status = stat()
    guard stat(FilePath.parent(of: path), &status) == 0 else { return false }
    return status.st_mode & S_IWGRP != 0 && status.st_mode & S_IWOTH == 0
  }

  private var fileMode: mode_t { isForGroup ? 0o660 : 0o600 }

  /// Makes the folders, and removes what a fetch that never ended has left.
  func prepare() throws(StoreError) {
    for folder in [path, incoming, files] { try make(folder) }
    for name in Self.names(in: incoming) { unlink("\(incoming)/\(name)") }
    // SQLite gives what it makes beside it the same mode.
    let index = open(indexPath, O_WRONLY | O_CREAT | O_CLOEXEC, fileMode)
    guard index >= 0 else { throw Self.error("\(indexPath) can't be made") }
    if isForGroup { fchmod(index, fileMode) }
    close(index)
  }

  /// A new file that is written to.
  ///
  /// - Parameter number: Another one each time.
  func newFile(_ number: Int) -> (path: String, descriptor: Int32) {
    let path = "\(incoming)/\(number)"
    unlink(path)
    let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, fileMode)
    if isForGroup, descriptor >= 0 { fchmod(descriptor, fileMode) }
    return (path, descriptor)
  }

  /// Moves a synced file to the place that its hash gives it; where one of its length is there already, it is the same.
  func adopt(_ incoming: String, _ file: AttachmentFile) throws(StoreError) {
    let place = path(ofHash: file.hash)
    var there = stat()
    if stat(place, &there) == 0, there.st_size == file.bytes {
      unlink(incoming)
      return
    }
    let folder = folder(ofHash: file.hash)
    let above = "\(files)/\(file.hash.prefix(2))"
    for each in [above, folder] { try make(each) }
    guard rename(incoming, place) == 0 else { throw Self.error("can't be moved to \(place)") }
    for each in [folder, above, files] { try sync(each) }
  }

  func remove(hash: String) { unlink(path(ofHash: hash)) }
  func discard(_ incoming: String) { unlink(incoming) }

  /// The hashes of all files that are there.
  func forEachFile(_ body: (String) -> Void) {
    for first in Self.names(in: files) {
      for second in Self.names(in: "\(files)/\(first)") {
        for name in Self.names(in: "\(files)/\(first)/\(second)") { body(name) }
      }
    }
  }

  private func make(_ folder: String) throws(StoreError) {
    guard mkdir(folder, isForGroup ? 0o770 : 0o700) == 0 else {
      if errno == EEXIST { return }
      throw Self.error("\(folder) can't be made")
    }
    if isForGroup { chmod(folder, 0o770) }
  }

  private func sync(_ folder: String) throws(StoreError) {
    let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw Self.error("\(folder) can't be opened") }
    defer { close(descriptor) }
    guard fsync(descriptor) == 0 else { throw Self.error("\(folder) can't be synced") }
  }

  private static func names(in folder: String) -> [String] {
    guard let directory = opendir(folder) else { return [] }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
      let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names
  }

  private static func error(_ what: String) -> StoreError {
    let code = errno
    return StoreError(
      code: code == ENOSPC || code == EDQUOT ? .full : .failing,
      message: "\(what): \(String(cString: strerror(code)))")
  }
}
