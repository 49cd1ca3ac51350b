import Glibc
import RelayCore
import RelayThreads

/// Where notices are kept over restarts.
package protocol NoticeKeeper: Sendable {
  /// Something was kept, as far as can be seen from outside. Blocks.
  var isThere: Bool { get }
  /// What was kept last; nil: nothing is. Blocks.
  func load() throws(NoticeFileError) -> [UInt8]?
  /// Once it returns it is on disk. Blocks, for as long as the disk does.
  func save(_ payload: [UInt8]) throws(NoticeFileError)
}

package struct NoticeFileError: Error, Sendable, Equatable, CustomStringConvertible {
  package var description: String

  init(_ description: String) {
    self.description = description
  }
}

/// A file of fixed size beside the store's, whose room is taken when it is made: it can be written when the disk is full.
package final class NoticeFile: NoticeKeeper {
  private let path: String
  private let state = Locked(State())

  private struct State {
    var descriptor: Int32 = -1
    var lastNumber: UInt64 = 0
    /// Its room is taken.
    var hasRoom = false
  }

  package init(path: String) {
    self.path = path
  }

  deinit {
    state.withLock { if $0.descriptor >= 0 { close($0.descriptor) } }
  }

  package var isThere: Bool {
    var status = stat()
    return lstat(path, &status) == 0 && SideFile.isOwn(status)
  }

  package func load() throws(NoticeFileError) -> [UInt8]? {
    let found = Locked<Result<[UInt8]?, NoticeFileError>>(.success(nil))
    state.withLock { state in
      let result = open(&state)
      found.withLock { $0 = result.map { NoticeSlots.newest(of: Self.slots(in: $0))?.payload } }
    }
    return try found.withLock { $0 }.get()
  }

  package func save(_ payload: [UInt8]) throws(NoticeFileError) {
    let problem = state.withLock { state -> NoticeFileError? in
      switch open(&state) {
      case .failure(let error): return error
      case .success(let descriptor):
        guard let bytes = NoticeSlots.bytes(number: state.lastNumber + 1, payload) else {
          return NoticeFileError("there is more to keep than there is room for")
        }
        takeRoom(&state)
        guard SideFile.write(bytes, to: descriptor, at: NoticeSlots.offset(of: state.lastNumber + 1)),
          fdatasync(descriptor) == 0
        else { return NoticeFileError("\(path) can't be written: \(Self.systemText())") }
        state.lastNumber += 1
        return nil
      }
    }
    if let problem { throw problem }
  }

  /// The file of this name: somebody may have taken it away.
  private func open(_ state: inout State) -> Result<Int32, NoticeFileError> {
    var status = stat()
    if state.descriptor >= 0 {
      if fstat(state.descriptor, &status) == 0, status.st_nlink > 0 { return .success(state.descriptor) }
      close(state.descriptor)
      state = State()
    }
    guard lstat(path, &status) != 0 || SideFile.isOwn(status) else {
      return .failure(NoticeFileError("\(path) is no file of its own: move it away"))
    }
    let descriptor = Glibc.open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0o600)
    guard descriptor >= 0 else {
      return .failure(NoticeFileError("\(path) can't be opened: \(Self.systemText())"))
    }
    let slots = Self.slots(in: descriptor)
    guard fstat(descriptor, &status) == 0, SideFile.isOwn(status),
      !NoticeSlots.areForeign(slots, fileBytes: Int(status.st_size))
    else {
      close(descriptor)
      return .failure(NoticeFileError("\(path) is not a file of notices: move it away"))
    }
    state.descriptor = descriptor
    state.lastNumber = NoticeSlots.newest(of: slots)?.number ?? 0
    takeRoom(&state)
    // Its name is to be there after a crash, too.
    if status.st_size < NoticeSlots.fileBytes { syncFolder() }
    return .success(descriptor)
  }

  /// Also of a file that has its length, which may have holes. Where the disk is full already it is tried without: writing may find
  /// room.
  private func takeRoom(_ state: inout State) {
    if !state.hasRoom { state.hasRoom = posix_fallocate(state.descriptor, 0, NoticeSlots.fileBytes) == 0 }
  }

  private func syncFolder() {
    let folder = Glibc.open(FilePath.parent(of: path), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard folder >= 0 else { return }
    fsync(folder)
    close(folder)
  }

  private static func slots(in descriptor: Int32) -> [[UInt8]] {
    [0, 1].map { SideFile.read(NoticeSlots.slotBytes, of: descriptor, at: $0 * NoticeSlots.slotBytes) ?? [] }
  }

  private static func systemText() -> String { String(cString: strerror(errno)) }
}
