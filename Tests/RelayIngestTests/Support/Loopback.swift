import NIOCore
import NIOPosix

/// This machine's addresses for itself.
enum Loopback {
  /// `127.0.0.1`, and `::1` where there is one.
  static var addresses: [String] {
    let hasIPv6 = (try? System.enumerateDevices())?.contains { $0.address?.ipAddress == "::1" } == true
    return ["127.0.0.1"] + (hasIPv6 ? ["::1"] : [])
  }
}
