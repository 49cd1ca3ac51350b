import RelayCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// The listening sockets that systemd has opened for this process and passed on (sd_listen_fds(3)).
///
/// They are systemd's: whoever listens does it on a copy of each, and neither shuts one down nor takes its address away. So what
/// connects while the relay is restarted waits in the socket's queue, and finds the next process.
package struct InheritedSockets: Sendable {
  /// Why there are none.
  enum Absence: Sendable, Equatable {
    /// The environment names none.
    case notPassed
    /// They are another process's.
    case passedTo(String)
  }

  /// The first one, as systemd counts.
  private static let firstDescriptor: Int32 = 3

  package let descriptors: [Int32]
  let absence: Absence

  /// What this process was started with. They are for it alone: a program that it starts does not get them.
  package static func ofProcess() -> InheritedSockets {
    var environment: [String: String] = [:]
    for name in ["LISTEN_FDS", "LISTEN_PID"] {
      environment[name] = getenv(name).map { String(cString: $0) }
    }
    let sockets = InheritedSockets(environment: environment, process: getpid())
    for descriptor in sockets.descriptors { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
    return sockets
  }

  package init(environment: [String: String], process: Int32) {
    guard let count = environment["LISTEN_FDS"].flatMap({ Int32($0) }), (1...1_024).contains(count) else {
      (descriptors, absence) = ([], .notPassed)
      return
    }
    guard let owner = environment["LISTEN_PID"], owner == "\(process)" else {
      (descriptors, absence) = ([], .passedTo(environment["LISTEN_PID"] ?? ""))
      return
    }
    (descriptors, absence) = (Array(Self.firstDescriptor..<Self.firstDescriptor + count), .notPassed)
  }

  package static let none = InheritedSockets(environment: [:], process: 0)

  /// Where they listen, as far as the system says.
  package var addresses: [ListenAddress] { descriptors.compactMap { Self.address(of: $0) } }

  /// A copy of each, and where it listens. Whoever gets them closes them.
  ///
  /// - Parameter key: The key of routes.yaml that asks for them: for messages.
  /// - Throws: `notPassed`, or `other` for what is no TCP socket that listens.
  package func copies(for key: String) throws(ListenError) -> [(descriptor: Int32, address: ListenAddress)] {
    guard !descriptors.isEmpty else { throw ListenError(absence, of: key) }
    var copies: [(descriptor: Int32, address: ListenAddress)] = []
    for descriptor in descriptors {
      do throws(ListenError) {
        copies.append(try Self.copy(descriptor, for: key))
      } catch {
        for copy in copies { close(copy.descriptor) }
        throw error
      }
    }
    return copies
  }

  private static func copy(
    _ descriptor: Int32, for key: String
  ) throws(ListenError) -> (descriptor: Int32, address: ListenAddress) {
    guard value(SO_ACCEPTCONN, of: descriptor) == 1,
      value(SO_TYPE, of: descriptor) == Int32(SOCK_STREAM.rawValue),
      let address = address(of: descriptor)
    else {
      throw ListenError(
        .other, key, .systemd,
        reason:
          "descriptor \(descriptor) is no TCP socket that listens: the .socket unit needs ListenStream= with a "
          + "port or an address and a port, and Accept=no")
    }
    let copy = fcntl(descriptor, F_DUPFD_CLOEXEC, Self.firstDescriptor)
    guard copy >= 0 else {
      throw ListenError(
        .other, key, .systemd,
        reason: "descriptor \(descriptor) can't be used: \(String(cString: strerror(errno)))")
    }
    return (copy, address)
  }

  private static func value(_ option: Int32, of descriptor: Int32) -> Int32? {
    var (value, length) = (Int32(0), socklen_t(MemoryLayout<Int32>.size))
    return getsockopt(descriptor, SOL_SOCKET, option, &value, &length) == 0 ? value : nil
  }

  /// nil: it is not of IPv4 or IPv6.
  private static func address(of descriptor: Int32) -> ListenAddress? {
    var (storage, length) = (sockaddr_storage(), socklen_t(MemoryLayout<sockaddr_storage>.size))
    return withUnsafeMutablePointer(to: &storage) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address -> ListenAddress? in
        guard getsockname(descriptor, address, &length) == 0,
          [AF_INET, AF_INET6].contains(Int32(address.pointee.sa_family))
        else { return nil }
        var host = [CChar](repeating: 0, count: Int(NI_MAXHOST))
        var port = [CChar](repeating: 0, count: Int(NI_MAXSERV))
        let flags = NI_NUMERICHOST | NI_NUMERICSERV
        guard
          getnameinfo(address, length, &host, socklen_t(host.count), &port, socklen_t(port.count), flags)
            == 0,
          let number = Int(Self.text(port))
        else { return nil }
        return ListenAddress(host: Self.text(host), port: number)
      }
    }
  }

  private static func text(_ characters: [CChar]) -> String {
    String(decoding: characters.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}

extension ListenError {
  init(_ absence: InheritedSockets.Absence, of key: String) {
    let what =
      switch absence {
      case .notPassed: "no socket was passed to this process"
      case .passedTo(let owner):
        "sockets were passed to process \(owner.prefix(20)), and this is another: what stands between systemd and the "
          + "relay must `exec` it"
      }
    self.init(
      .notPassed, key, .systemd,
      reason:
        "\(what); start it by its .socket unit (`systemctl enable --now huggy-relay.socket huggy-relay`), "
        + "or name an address such as 127.0.0.1:8080")
  }
}
