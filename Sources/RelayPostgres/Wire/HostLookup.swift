import Glibc
import RelayThreads

/// Looks up a host's numbers, with an end. libpq would do it itself, and wait as long as the system's resolver does.
enum HostLookup {
  /// - Returns: At least one; nil: it takes too long, and goes on by itself until the system gives up.
  /// - Throws: What the system says.
  static func numbers(of host: String, until deadline: Deadline) throws(PostgresError) -> [String]? {
    // A number needs nobody.
    if case .success(let numbers) = ask(host, flags: AI_NUMERICHOST) { return numbers }
    let answer = Monitor<Result<[String], PostgresError>?>(nil)
    let hasStarted = WorkerThread.start(name: "name look-up") {
      let found = ask(host, flags: AI_ADDRCONFIG)
      answer.update { $0 = found }
    }
    guard hasStarted else { throw PostgresError(.connection, "the system gives no more threads") }
    return try answer.wait(timeout: deadline.remaining, until: { $0 })?.get()
  }

  private static func ask(_ host: String, flags: Int32) -> Result<[String], PostgresError> {
    var wish = addrinfo()
    wish.ai_flags = flags
    wish.ai_socktype = Int32(SOCK_STREAM.rawValue)
    var found: UnsafeMutablePointer<addrinfo>?
    let status = getaddrinfo(host, nil, &wish, &found)
    defer { if let found { freeaddrinfo(found) } }
    var numbers: [String] = []
    var one = found
    while status == 0, let entry = one {
      var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
      let length = socklen_t(text.count)
      if getnameinfo(
        entry.pointee.ai_addr, entry.pointee.ai_addrlen, &text, length, nil, 0, NI_NUMERICHOST) == 0
      {
        numbers.append(text.withUnsafeBufferPointer { String(cString: $0.baseAddress!) })
      }
      one = entry.pointee.ai_next
    }
    guard numbers.isEmpty else { return .success(numbers) }
    let reason = status == 0 ? "it has no address" : String(cString: gai_strerror(status))
    return .failure(PostgresError(.connection, "the name can't be looked up: \(reason)"))
  }
}
