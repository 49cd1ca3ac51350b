import Glibc
import RelayCore

/// What the system says of this process, as every Prometheus client tells it.
struct ProcessReadings: Sendable, Equatable {
  var cpuTime: Duration
  var residentBytes: Int
  var virtualBytes: Int
  var startedAt: Timestamp
  /// nil: the system does not say.
  var openFiles: Int?
  var maxFiles: Int?

  /// nil: this system has no /proc.
  static func now() -> ProcessReadings? {
    guard let stat = SystemFile.text("/proc/self/stat") else { return nil }
    var readings = ProcessReadings(
      stat: stat, bootTime: bootTime, ticksPerSecond: sysconf(Int32(_SC_CLK_TCK)),
      pageBytes: sysconf(Int32(_SC_PAGESIZE)))
    readings?.openFiles = SystemFile.openCount()
    var limit = rlimit()
    if getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 {
      readings?.maxFiles = Int(clamping: limit.rlim_cur)
    }
    return readings
  }

  /// Read once: the kernel works it out anew each time, and may differ by a second, which would look like a restart.
  private static let bootTime = bootTime(
    stat: SystemFile.text("/proc/stat"), now: time(of: CLOCK_REALTIME), sinceBoot: time(of: CLOCK_BOOTTIME))

  /// - Parameter stat: `/proc/stat`; nil: there is none, as where /proc is mounted with `subset=pid` (systemd's
  ///   `ProcSubset=pid`). Then the two clocks say it.
  static func bootTime(stat: String?, now: Duration, sinceBoot: Duration) -> Timestamp {
    stat.flatMap(bootTime(inStat:)) ?? Timestamp.epoch.advanced(by: now - sinceBoot)
  }

  private static func time(of clock: clockid_t) -> Duration {
    var time = timespec()
    clock_gettime(clock, &time)
    return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
  }

  /// - Parameter stat: `/proc/self/stat`.
  init?(stat: String, bootTime: Timestamp, ticksPerSecond: Int, pageBytes: Int) {
    // The command's name, in parentheses, may hold spaces and parentheses.
    guard let name = stat.lastIndex(of: ")") else { return nil }
    let fields = stat[stat.index(after: name)...].split(whereSeparator: \.isWhitespace)
    func field(_ number: Int) -> Int? { fields.indices.contains(number - 3) ? Int(fields[number - 3]) : nil }
    guard let user = field(14), let system = field(15), let start = field(22), let virtual = field(23),
      let pages = field(24)
    else { return nil }
    func time(_ ticks: Int) -> Duration { .microseconds(ticks * 1_000_000 / ticksPerSecond) }
    cpuTime = time(user + system)
    startedAt = bootTime.advanced(by: time(start))
    virtualBytes = virtual
    residentBytes = pages * pageBytes
  }

  /// - Parameter stat: `/proc/stat`.
  static func bootTime(inStat stat: String) -> Timestamp? {
    guard let line = stat.split(separator: "\n").first(where: { $0.hasPrefix("btime ") }),
      let seconds = Int64(line.dropFirst("btime ".count))
    else { return nil }
    return Timestamp(microseconds: seconds * 1_000_000)
  }
}

/// Files that the kernel makes up as they are read.
enum SystemFile {
  /// nil: it can't be read.
  static func text(_ path: String) -> String? {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return nil }
    defer { close(file) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 4_096)
    while true {
      let count = read(file, &buffer, buffer.count)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { return nil }
      if count == 0 { return String(decoding: bytes, as: UTF8.self) }
      bytes += buffer[..<count]
    }
  }

  /// How many files this process has open; nil: the system does not say.
  static func openCount() -> Int? {
    guard let folder = opendir("/proc/self/fd") else { return nil }
    defer { closedir(folder) }
    var count = 0
    while let entry = readdir(folder) {
      if entry.pointee.d_name.0 != UInt8(ascii: ".") { count += 1 }
    }
    // Not the one that this takes.
    return count - 1
  }
}
