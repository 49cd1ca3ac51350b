import CPostgres
import Glibc

/// Opens a connection: tries the hosts of an address one after another. Each has its share of the time that is left, so that one that does
/// not answer leaves some for the next; libpq alone would wait for it.
struct ConnectionOpener {
  private let address: ServerAddress
  private let applicationName: String
  private let deadline: Deadline
  private let notices: NoticeBox

  init(_ address: ServerAddress, applicationName: String, until deadline: Deadline, notices: NoticeBox) {
    self.address = address
    self.applicationName = applicationName
    self.deadline = deadline
    self.notices = notices
  }

  /// - Returns: A connection that is logged on; the caller closes it.
  func open() throws(PostgresError) -> OpaquePointer {
    let hosts = address.hosts.map(withDefaults)
    var failures: [(host: ServerHost, error: PostgresError)] = []
    for (index, host) in hosts.enumerated() {
      do {
        return try open(host, until: share(of: hosts.count - index))
      } catch {
        failures.append((host, error))
      }
    }
    guard failures.count > 1 else { throw failures[0].error }
    var last = failures[failures.count - 1].error
    // libpq's own words name the host; ours do not.
    last.message = failures.map { "\($0.host): \($0.error.message)" }.joined(separator: "; ")
    throw last
  }

  private func open(_ host: ServerHost, until deadline: Deadline) throws(PostgresError) -> OpaquePointer {
    guard !host.isSocket, host.address == nil, let name = host.name else {
      return try connect(to: host, until: deadline)
    }
    guard let numbers = try HostLookup.numbers(of: name, until: deadline) else { throw tooLong(host) }
    var failure = tooLong(host)
    for (index, number) in numbers.enumerated() {
      var place = host
      place.address = number
      do {
        return try connect(to: place, until: deadline.share(of: numbers.count - index))
      } catch {
        failure = error
      }
    }
    throw failure
  }

  private func connect(to host: ServerHost, until deadline: Deadline) throws(PostgresError) -> OpaquePointer {
    let options = options(for: host)
    var keywords = options.map { strdup($0.0) } + [nil]
    var values = options.map { strdup($0.1) } + [nil]
    defer { for text in keywords + values { free(text) } }
    let started = keywords.withUnsafeMutableBufferPointer { keywords in
      values.withUnsafeMutableBufferPointer { values in
        keywords.withMemoryRebound(to: UnsafePointer<CChar>?.self) { keywords in
          values.withMemoryRebound(to: UnsafePointer<CChar>?.self) { values in
            PQconnectStartParams(keywords.baseAddress, values.baseAddress, 0)
          }
        }
      }
    }
    guard let connection = started else { throw PostgresError(.connection, "no memory for a connection") }
    do throws(PostgresError) {
      notices.receive(from: connection)
      // So that the server's SQLSTATE stands in the text: while a connection begins it is nowhere else.
      PQsetErrorVerbosity(connection, PQERRORS_VERBOSE)
      try logOn(connection, host, until: deadline)
      PQsetErrorVerbosity(connection, PQERRORS_DEFAULT)
      return connection
    } catch {
      PQfinish(connection)
      throw error
    }
  }

  private func logOn(
    _ connection: OpaquePointer, _ host: ServerHost, until deadline: Deadline
  ) throws(PostgresError) {
    guard PQstatus(connection) != CONNECTION_BAD else { throw failure(of: connection) }
    // Until it is asked for the first time, it wants to write.
    var isWriting = true
    while true {
      // Also where something comes all the time, and never the end of it.
      guard !deadline.isOver,
        deadline.wait(for: PQsocket(connection), reading: !isWriting, writing: isWriting)
      else {
        throw tooLong(host)
      }
      switch PQconnectPoll(connection) {
      case PGRES_POLLING_OK: return
      case PGRES_POLLING_READING: isWriting = false
      case PGRES_POLLING_WRITING: isWriting = true
      default: throw failure(of: connection)
      }
    }
  }

  // MARK: Options

  /// What libpq is asked for where the address says nothing else: a server that takes writes, a connection that notices within some ten
  /// seconds that nobody is there, and nobody else who would have to be asked first.
  private static let defaults = [
    ("target_session_attrs", "read-write"), ("keepalives_idle", "5"), ("keepalives_interval", "2"),
    ("keepalives_count", "3"), ("tcp_user_timeout", "10000"), ("gssencmode", "disable"),
  ]

  private func options(for host: ServerHost) -> [(String, String)] {
    let ours = ["host", "hostaddr", "port", "client_encoding", "fallback_application_name"]
    var options = address.parameters.filter { !ours.contains($0.0) }
    options += Self.defaults.filter { address[$0.0] == nil }
    options += [("client_encoding", "UTF8"), ("fallback_application_name", applicationName)]
    for (keyword, value) in [("host", host.name), ("hostaddr", host.address), ("port", host.port)] {
      if let value { options.append((keyword, value)) }
    }
    return options
  }

  /// What libpq takes from the environment is looked up by us, too.
  private func withDefaults(_ host: ServerHost) -> ServerHost {
    guard host.name == nil, host.address == nil, address["service"] == nil else { return host }
    var host = host
    host.name = getenv("PGHOST").map { String(cString: $0) }
    return host
  }

  private func share(of count: Int) -> Deadline {
    let share = deadline.share(of: count)
    guard let seconds = address["connect_timeout"].flatMap(Int64.init), seconds > 0 else { return share }
    return share.atMost(.seconds(seconds))
  }

  // MARK: What goes wrong

  private func tooLong(_ host: ServerHost) -> PostgresError {
    PostgresError(
      .timedOut, "the database server at \(host) does not answer in time",
      hint: "is it running, and can it be reached from here?")
  }

  private func failure(of connection: OpaquePointer) -> PostgresError {
    ConnectionFailure.error(for: PQerrorMessage(connection).map { String(cString: $0) } ?? "")
  }
}
