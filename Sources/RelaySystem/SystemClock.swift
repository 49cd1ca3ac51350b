import Glibc

/// The system's wall clock, as microseconds since the epoch.
package func wallClockMicroseconds() -> Int64 { microseconds(of: CLOCK_REALTIME) }

/// Microseconds since the machine started; it counts on while the machine sleeps, and nobody can set it.
package func bootClockMicroseconds() -> Int64 { microseconds(of: CLOCK_BOOTTIME) }

/// Names the machine's run since it started; nil: /proc does not show it.
package func bootIdentity() -> String? {
  guard let file = fopen("/proc/sys/kernel/random/boot_id", "r") else { return nil }
  defer { fclose(file) }
  var bytes = [UInt8](repeating: 0, count: 64)
  let count = fread(&bytes, 1, bytes.count, file)
  let text = String(decoding: bytes[..<count].prefix { $0 > 0x20 }, as: UTF8.self)
  return text.isEmpty ? nil : text
}

private func microseconds(of clock: clockid_t) -> Int64 {
  var now = timespec()
  clock_gettime(clock, &now)
  return Int64(now.tv_sec) * 1_000_000 + Int64(now.tv_nsec) / 1_000
}
