import Glibc
import RelayCore

/// systemd's notification protocol (sd_notify(3)): a datagram to the socket that `NOTIFY_SOCKET` names.
enum ServiceManager {
  /// Does nothing where no service manager listens, and waits for at most a second for one that doesn't read.
  static func notify(_ notice: ServiceNotice) {
    guard let path = getenv("NOTIFY_SOCKET").map({ String(cString: $0) }), !path.isEmpty else { return }
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let bytes = Array(path.utf8)
    let capacity = MemoryLayout.size(ofValue: address.sun_path)
    guard bytes.count < capacity else { return }
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
    // A name that begins with @ is an abstract one: its first byte is NUL.
    if bytes[0] == UInt8(ascii: "@") { address.sun_path.0 = 0 }
    let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { return }
    defer { close(descriptor) }
    let length = socklen_t(MemoryLayout<sa_family_t>.size + bytes.count)
    var patience = timeval(tv_sec: 1, tv_usec: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    let message = Array(notice.text.utf8)
    _ = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        sendto(descriptor, message, message.count, Int32(MSG_NOSIGNAL), $0, length)
      }
    }
  }
}

/// What the relay tells the service manager that started it: sd_notify(3)'s assignments, one a line.
enum ServiceNotice {
  /// It listens. `address`: where.
  case ready(address: String)
  /// The configuration is being read again; `at`: the monotonic clock, in microseconds.
  case reloading(at: UInt64)
  /// The configuration with this hash holds.
  case reloaded(hash: String)
  /// A reload changed nothing, because of these errors.
  case reloadFailed([String])
  case stopping(drain: Duration)
  /// It can't start with this configuration.
  case wrong(String)
  case alive

  var text: String {
    switch self {
    case .ready(let address): "READY=1\nSTATUS=listening on \(address)"
    // The time is for units of Type=notify-reload (systemd 253), which wait for one that is later than their signal.
    case .reloading(let now): "RELOADING=1\nMONOTONIC_USEC=\(now)"
    case .reloaded(let hash): "READY=1\nSTATUS=configuration \(hash) is in force"
    case .reloadFailed(let errors): "READY=1\nSTATUS=\(Self.line(Self.summary(errors)))"
    // A drain that is longer than the unit's TimeoutStopSec is waited for nevertheless.
    case .stopping(let drain):
      "STOPPING=1\nEXTEND_TIMEOUT_USEC=\((drain + Self.afterDrain).microseconds)\nSTATUS=stopping, for at most \(drain)"
    case .wrong(let problem): "STATUS=\(Self.line("the configuration is wrong: \(problem)"))"
    case .alive: "WATCHDOG=1"
    }
  }

  /// What closing the store and the log may take.
  private static let afterDrain = Duration.seconds(10)
  private static let maxStatusBytes = 1_000

  private static func summary(_ errors: [String]) -> String {
    let others = errors.count > 1 ? " (and \(errors.count - 1) more)" : ""
    return "reload failed, the configuration before it stays: \(errors.first ?? "")\(others)"
  }

  /// On one line, and not without bound.
  private static func line(_ text: String) -> String {
    let one = text.map { $0.isNewline ? " " : String($0) }.joined()
    guard one.utf8.count > maxStatusBytes else { return one }
    return String(decoding: one.utf8.prefix(maxStatusBytes), as: UTF8.self) + "…"
  }
}
