import Glibc
import RelayCore
import RelaySystem

/// The clock, open files and ports of this machine.
package enum MachineChecks {
  // MARK: The clock

  package static func clock(_ discipline: ClockDiscipline? = .now()) -> Finding {
    guard let discipline else { return .ok("clock", "the kernel does not say whether it is kept right") }
    guard discipline.isSynchronized else {
      return .warn(
        "clock", "nobody keeps it right: signatures, ids and times drift with it",
        "run one of chrony, systemd-timesyncd and ntpd (in a container: on its host)")
    }
    return .ok("clock", "kept right, to about \(discipline.estimatedError.microseconds / 1_000) ms")
  }

  // MARK: The environment

  package static func proxies(_ environment: [String: String]) -> Finding {
    let unused = ["HTTP_PROXY", "all_proxy", "ALL_PROXY"].filter { !(environment[$0] ?? "").isEmpty }
    guard unused.isEmpty else {
      return .warn(
        "proxy", "\(unused.joined(separator: ", ")) \(unused.count == 1 ? "is" : "are") set, and not used",
        "set http_proxy and https_proxy, or proxy of the destinations; see below how each is reached")
    }
    do throws(EnvironmentProxies.Unusable) {
      let proxies = try EnvironmentProxies(environment)
      guard !proxies.isEmpty else { return .ok("proxy", "none in the environment") }
      let parts = [("http:", proxies.http), ("https:", proxies.https)].compactMap { scheme, proxy in
        proxy.map { "\($0.shown) for \(scheme)" }
      }
      return .ok("proxy", "of the environment: \(parts.joined(separator: ", "))")
    } catch {
      return .fail(
        "proxy", "\(error.variable) is no proxy that can be used", "write it as http://HOST:PORT, or unset it"
      )
    }
  }

  // MARK: Open files

  /// - Parameter process: The relay's; nil: none runs, and what this shell would give it counts.
  package static func openFiles(_ configuration: Configuration, process: Int32?) -> Finding {
    let needed = filesNeeded(configuration)
    let (limit, whose) =
      process.flatMap { openFileLimit(of: $0) }.map { ($0, "the relay (process \(process!))") }
      ?? (ownLimit, "a relay that is started from here")
    return openFiles(limit: limit, whose: whose, needed: needed)
  }

  static func openFiles(limit: Int, whose: String, needed: Int) -> Finding {
    guard limit < needed else {
      return .ok("open files", "the limit of \(whose) is \(limit), and it may need \(needed)")
    }
    return .warn(
      "open files", "the limit of \(whose) is \(limit), and it may need \(needed)",
      "raise LimitNOFILE (ulimit -n), or lower server.max_connections or the destinations' concurrency")
  }

  /// One for each sender, two for each attempt in flight, and what the process itself needs.
  package static func filesNeeded(_ configuration: Configuration) -> Int {
    configuration.server.maxConnections
      + configuration.destinations.reduce(0) { $0 + 2 * $1.concurrency } + 64
  }

  private static var ownLimit: Int {
    var limit = rlimit()
    getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    return Int(clamping: limit.rlim_max)
  }

  /// The hard limit, to which the relay raises its own.
  private static func openFileLimit(of process: Int32) -> Int? {
    guard let text = TextFile.contents(of: "/proc/\(process)/limits"),
      let line = text.split(separator: "\n").first(where: { $0.hasPrefix("Max open files") })
    else { return nil }
    let numbers = line.dropFirst("Max open files".count).split(separator: " ")
    return numbers.count > 1 ? Int(numbers[1]) ?? .max : nil
  }

  /// Of the relay that has the store; nil: none that runs, or the store is on a server, which does not say.
  package static func process(of settings: StoreSettings) -> Int32? {
    guard case .sqlite(let path) = settings.location,
      let text = TextFile.contents(of: path + ".lock"),
      let process = Int32(text.prefix { $0.isNumber }), process > 0, access("/proc/\(process)", F_OK) == 0
    else { return nil }
    return process
  }

  // MARK: Ports

  /// Whether a relay could listen there, by trying it.
  package static func port(_ address: ListenAddress, key: String) -> [Finding] {
    guard !address.isSystemd else {
      return [
        .ok("sockets", "\(key) is systemd: its .socket unit listens; `systemctl status huggy-relay.socket`")
      ]
    }
    guard address.port != 0 else { return [] }
    let subject = "port \(address.port)"
    let codes = address.places.compactMap { bindError(to: $0, port: address.port) }
    switch codes.first {
    case nil: return [.ok(subject, "free, for \(key)")]
    case EADDRINUSE?:
      return [
        .fail(
          subject, "another process listens on \(address) (\(key))",
          "stop it, or choose another port; `ss -ltnp 'sport = :\(address.port)'` says which it is")
      ]
    case EACCES?:
      return [
        .warn(
          subject, "this user may not listen on \(address) (\(key))",
          "choose a port above 1023, or grant CAP_NET_BIND_SERVICE")
      ]
    case let code?:
      return [
        .fail(
          subject, "\(address) (\(key)) can't be listened on: \(String(cString: strerror(code)))",
          "choose an address of this machine")
      ]
    }
  }

  /// nil: it can be listened on, or is a name, which only `serve` looks up.
  private static func bindError(to host: String, port: Int) -> Int32? {
    var hints = addrinfo()
    hints.ai_flags = AI_NUMERICHOST | AI_PASSIVE
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    var list: UnsafeMutablePointer<addrinfo>?
    guard getaddrinfo(host, String(port), &hints, &list) == 0, let first = list else { return nil }
    defer { freeaddrinfo(list) }
    let descriptor = socket(first.pointee.ai_family, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    // Without that family nothing can take the port from the relay.
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var on: Int32 = 1
    setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, socklen_t(MemoryLayout<Int32>.size))
    guard bind(descriptor, first.pointee.ai_addr, first.pointee.ai_addrlen) != 0 else {
      return listen(descriptor, 1) == 0 ? nil : errno
    }
    return errno == EADDRNOTAVAIL && host == "::1" ? nil : errno
  }
}

/// A small file of the system's.
enum TextFile {
  static func contents(of path: String) -> String? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var buffer = [UInt8](repeating: 0, count: 16 << 10)
    let count = read(descriptor, &buffer, buffer.count)
    return count > 0 ? String(decoding: buffer[..<count], as: UTF8.self) : nil
  }
}
