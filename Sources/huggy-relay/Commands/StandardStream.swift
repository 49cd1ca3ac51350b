import Glibc

/// Standard output or standard error, past the buffer that `print` writes to.
struct StandardStream {
  static let output = StandardStream(descriptor: STDOUT_FILENO)
  static let error = StandardStream(descriptor: STDERR_FILENO)

  let descriptor: Int32

  var isTerminal: Bool { isatty(descriptor) == 1 }

  /// Writes all of it. A result that can't be written ends the process with status 1; of a complaint, nobody could be told.
  func write(_ bytes: some Sequence<UInt8>) {
    guard !Descriptor.write(Array(bytes), to: descriptor), descriptor != STDERR_FILENO else { return }
    printError("standard output can't be written: \(String(cString: strerror(errno)))")
    exit(EXIT_FAILURE)
  }

  func write(_ text: String) { write(text.utf8) }
}

/// Whole reads and writes, over interruptions and where a descriptor does not wait by itself.
enum Descriptor {
  /// - Returns: False: not all of it was written; `errno` says why.
  static func write(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      if count < 0, !isAgain(descriptor, POLLOUT) { return false }
      rest = rest.dropFirst(max(0, count))
    }
    return true
  }

  /// - Returns: Up to its end; nil: it can't be read, and `errno` says why.
  static func readAll(_ descriptor: Int32) -> [UInt8]? {
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 64 << 10)
    while true {
      let count = read(descriptor, &buffer, buffer.count)
      if count == 0 { return bytes }
      if count < 0 {
        guard isAgain(descriptor, POLLIN) else { return nil }
      } else {
        bytes += buffer[..<count]
      }
    }
  }

  /// Whether a call that failed is to be made again; waits until it may do more.
  private static func isAgain(_ descriptor: Int32, _ events: Int32) -> Bool {
    if errno == EINTR { return true }
    guard errno == EAGAIN else { return false }
    var entry = pollfd(fd: descriptor, events: Int16(events), revents: 0)
    return poll(&entry, 1, -1) >= 0 || errno == EINTR
  }
}

/// Sleeps on this thread, which is the command's own.
func pause(for duration: Duration) {
  let (seconds, attoseconds) = duration.components
  var left = timespec(tv_sec: Int(seconds), tv_nsec: Int(attoseconds / 1_000_000_000))
  while true {
    var rest = timespec()
    guard nanosleep(&left, &rest) != 0, errno == EINTR else { return }
    left = rest
  }
}
