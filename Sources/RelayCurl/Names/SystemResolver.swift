// Its headers bring the kinds of sockets, too: where several modules do, Swift may find them in that one alone.
import CCurl
import Glibc

/// The system's resolver: /etc/hosts, name servers, and whatever else nsswitch.conf names.
enum SystemResolver {
  /// Blocks for as long as the resolver does.
  ///
  /// - Returns: Addresses as numbers, in the resolver's order of preference; at least one.
  static func addresses(of host: String) -> Result<[String], NameFailure> {
    var hints = addrinfo()
    hints.ai_family = canIPv6() ? AF_UNSPEC : AF_INET
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    var list: UnsafeMutablePointer<addrinfo>?
    let status = getaddrinfo(host, nil, &hints, &list)
    let systemError = errno
    guard status == 0 else { return .failure(failure(status, systemError)) }
    defer { freeaddrinfo(list) }
    var (addresses, next) = ([String](), list)
    while let entry = next {
      if let address = number(entry.pointee.ai_addr), !addresses.contains(address) {
        addresses.append(address)
      }
      next = entry.pointee.ai_next
    }
    return addresses.isEmpty ? .failure(failure(noAddress, 0)) : .success(addresses)
  }

  private static func failure(_ status: Int32, _ systemError: Int32) -> NameFailure {
    let words =
      status == EAI_SYSTEM ? String(cString: strerror(systemError)) : String(cString: gai_strerror(status))
    return NameFailure(words: words, isCertain: status == EAI_NONAME || status == noAddress)
  }

  private static func number(_ address: UnsafeMutablePointer<sockaddr>?) -> String? {
    guard let address else { return nil }
    let family = Int32(address.pointee.sa_family)
    var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
    let isPrinted =
      switch family {
      case AF_INET:
        address.withMemoryRebound(to: sockaddr_in.self, capacity: 1) {
          inet_ntop(family, &$0.pointee.sin_addr, &text, socklen_t(text.count)) != nil
        }
      case AF_INET6:
        address.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) {
          inet_ntop(family, &$0.pointee.sin6_addr, &text, socklen_t(text.count)) != nil
        }
      default: false
      }
    return isPrinted
      ? String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self) : nil
  }

  /// Without IPv6 its addresses need not be asked for.
  private static func canIPv6() -> Bool {
    let probe = socket(AF_INET6, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard probe >= 0 else { return false }
    close(probe)
    return true
  }

  /// glibc's EAI_NODATA, which Swift does not see: the name exists, and has no address.
  private static let noAddress: Int32 = -5
}
