import Glibc
import RelayCore

/// Space on the disk that is kept for bad days: a file beside the database that holds nothing.
struct ReserveFile {
  let path: String

  init(databasePath: String) {
    path = databasePath + ".reserve"
  }

  /// Makes it, or brings it to its size. Its blocks are really taken, not only promised.
  ///
  /// - Parameter room: So much more must be there, and is given back at once.
  func make(bytes: Int, with room: Int = 0) throws(StoreError) {
    let access = StoreAccess(in: FilePath.parent(of: path))
    let file = access.openFile(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW)
    guard file >= 0 else { throw failure(errno) }
    defer { close(file) }
    let status = posix_fallocate(file, 0, bytes + room)
    guard status == 0, ftruncate(file, bytes) == 0 else {
      let error = failure(status == 0 ? errno : status)
      // A part of it would only take room from the rest.
      remove()
      throw error
    }
  }

  /// What it takes of the disk now.
  var allocatedBytes: Int {
    var status = stat()
    return stat(path, &status) == 0 ? min(Int(status.st_blocks) * 512, Int(status.st_size)) : 0
  }

  func remove() {
    unlink(path)
  }

  private func failure(_ code: Int32) -> StoreError {
    let reason = String(cString: strerror(code))
    return StoreError(
      code: .full,
      message:
        "the store can't set disk space aside in \(path): \(reason); make room, or check who may write there")
  }
}
