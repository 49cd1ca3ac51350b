import Glibc

/// Reads lines from a pipe until its other end is closed. Blocks.
///
/// - Parameter take: Given each line without its end. What stands after the last one is dropped.
package func readLines(of descriptor: Int32, _ take: (String) -> Void) {
  var pending: [UInt8] = []
  var buffer = [UInt8](repeating: 0, count: 64 << 10)
  while true {
    let count = read(descriptor, &buffer, buffer.count)
    if count < 0 && errno == EINTR { continue }
    guard count > 0 else { return }
    pending += buffer[..<count]
    while let end = pending.firstIndex(of: UInt8(ascii: "\n")) {
      take(String(decoding: pending[..<end], as: UTF8.self))
      pending.removeSubrange(...end)
    }
  }
}
