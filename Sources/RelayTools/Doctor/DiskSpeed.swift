import Glibc
import RelayCore

/// How long the disk takes to say that something is on it: each 200 waits for that.
enum DiskSpeed {
  private static let subject = "disk"
  private static let writes = 20
  private static let longest = Duration.seconds(2)
  /// What makes senders wait noticeably.
  private static let slow = Duration.milliseconds(50)
  /// No disk of a machine of its own is so fast: it says so before it is so.
  private static let implausible = Duration.microseconds(15)

  /// Writes and syncs small pieces in a file without a name, for two seconds at most.
  static func measure(in folder: String) -> Finding {
    let descriptor = openFile(in: folder)
    guard descriptor >= 0 else {
      return .warn(
        subject, "not measured: \(folder) can't be written: \(String(cString: strerror(errno)))",
        "run doctor as the user that runs the relay")
    }
    defer { close(descriptor) }
    let bytes = [UInt8](repeating: 0x2A, count: 4_096)
    var times: [Duration] = []
    let end = ContinuousClock.now.advanced(by: longest)
    while times.count < writes, ContinuousClock.now < end {
      let start = ContinuousClock.now
      guard write(descriptor, bytes, bytes.count) == bytes.count, fdatasync(descriptor) == 0 else {
        return .fail(
          subject, "it can't be written and synced: \(String(cString: strerror(errno)))", "look at the disk")
      }
      times.append(start.duration(to: .now))
    }
    return finding(times)
  }

  /// - Parameter times: At least one.
  static func finding(_ times: [Duration]) -> Finding {
    let sorted = times.sorted()
    let (median, worst) = (sorted[sorted.count / 2], sorted.last!)
    let text = "a sync takes \(text(median)) (median of \(times.count); longest \(text(worst)))"
    if median >= slow {
      return .warn(
        subject, "\(text): each sender waits for one",
        "use a faster disk (a local SSD), or one that fewer others use")
    }
    if median < implausible {
      return .ok(
        subject, "\(text): so fast that it can't be a disk; is it memory, or a virtual disk that caches?")
    }
    return .ok(subject, text)
  }

  private static func text(_ time: Duration) -> String {
    let microseconds = time.microseconds
    return microseconds < 1_000
      ? "\(microseconds) µs" : "\(microseconds / 1_000).\(microseconds % 1_000 / 100) ms"
  }

  private static func openFile(in folder: String) -> Int32 {
    // Swift does not see the macro O_TMPFILE: it is this bit, and O_DIRECTORY.
    let unnamed = open(folder, O_RDWR | O_CLOEXEC | O_DIRECTORY | 0o20_000_000, 0o600)
    if unnamed >= 0 { return unnamed }
    var template = Array("\(folder)/.huggy-relay-doctor.XXXXXX".utf8CString)
    let named = mkstemp(&template)
    if named >= 0 { unlink(template) }
    return named
  }
}
