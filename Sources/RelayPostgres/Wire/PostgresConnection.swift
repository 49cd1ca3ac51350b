import CPostgres
import Glibc
import RelayCore

/// One connection to the database server. Confined to one thread, and everything that it does is bounded by a time.
///
/// Statements go out as a pipeline with one Sync at its end (libpq's pipeline mode, non-blocking, values in binary form): one round trip, and
/// outside of a transaction that somebody began with `execute` one transaction, all or nothing.
///
/// After an error of kind `server` with a statement the connection goes on. After one of the kinds `connection` and `timedOut`, and where the
/// server has ended the connection, it is closed: what was not sent yet never will be.
final class PostgresConnection {
  /// nil: closed.
  private var handle: OpaquePointer?
  private let notices: NoticeBox
  /// The names of statements that the server knows.
  private var prepared: Set<String> = []
  /// What came of LISTEN, and nobody has taken yet.
  private var received: [Notification] = []

  /// Connects, logs on, and sets what is to hold for the session.
  ///
  /// - Parameters:
  ///   - applicationName: What the server's own tables show, where the address does not say it.
  ///   - within: For all of it. Each of several hosts has its share.
  ///   - settings: Of the session, by their names, such as `synchronous_commit`: what is not one the server refuses (42704).
  init(
    _ address: ServerAddress, applicationName: String, within time: Duration, settings: [String: String] = [:]
  ) throws(PostgresError) {
    let deadline = Deadline(after: time)
    let notices = NoticeBox()
    let opener = ConnectionOpener(
      address, applicationName: applicationName, until: deadline, notices: notices)
    let handle = try opener.open()
    self.handle = handle
    self.notices = notices
    PQsetnonblocking(handle, 1)
    guard !settings.isEmpty else { return }
    var parameters = Parameters()
    let sorted = settings.sorted { $0.key < $1.key }
    parameters.add(array: sorted.map(\.key))
    parameters.add(array: sorted.map(\.value))
    do {
      _ = try run(.settings, parameters, within: deadline.remaining)
    } catch {
      close()
      throw error
    }
  }

  deinit {
    close()
  }

  // MARK: What it is

  /// It was neither closed nor lost, as far as is known.
  var isOpen: Bool {
    guard let handle else { return false }
    return PQstatus(handle) == CONNECTION_OK && notices.farewell == nil
  }

  /// For `poll`: it can be read when the server has sent something. -1: closed.
  var socket: Int32 { handle.map { PQsocket($0) } ?? -1 }

  /// The server's process (`pg_stat_activity.pid`).
  var backendID: Int32 { handle.map { PQbackendPID($0) } ?? 0 }

  /// By TLS.
  var isEncrypted: Bool { handle.map { PQsslInUse($0) == 1 } ?? false }

  /// 150018 is 15.18.
  var serverVersion: Int { handle.map { Int(PQserverVersion($0)) } ?? 0 }

  /// Logs off. What was sent and not answered may be done, or not.
  func close() {
    guard let handle else { return }
    self.handle = nil
    PQfinish(handle)
  }

  /// Closes it in the middle of something. libpq would send the rest of a pipeline, its Sync too, as it logs off: so nothing can be sent.
  private func breakOff() {
    if socket >= 0 { shutdown(socket, Int32(SHUT_RDWR)) }
    close()
  }

  // MARK: Statements

  /// Sends all statements and one Sync, and waits for all answers: one round trip. A statement is prepared in the same pipeline with its first
  /// use.
  ///
  /// - Returns: What each returned, in order.
  /// - Throws: `server` where a statement failed: nothing of the pipeline holds. `notReplicated`: it does hold, on the primary alone. For all
  ///   others `isUnknownOutcome` says whether it may hold.
  func run(_ pipeline: Pipeline, within time: Duration) throws(PostgresError) -> [Rows] {
    guard !pipeline.isEmpty else { return [] }
    try pipeline.refuseWhatIsTooLarge()
    let deadline = Deadline(after: time)
    let handle = try opened(until: deadline)
    _ = notices.takeWarnings()
    var progress = try send(pipeline, on: handle)
    var rows: [Rows] = []
    rows.reserveCapacity(pipeline.count)
    var isEndOfCommand = false
    receiving: while true {
      guard let result = try next(on: handle, until: deadline, &progress) else {
        // Two ends one after another: nothing is under way any longer, and the Sync's answer will not come.
        guard !isEndOfCommand else { throw lost(progress) }
        isEndOfCommand = true
        continue
      }
      isEndOfCommand = false
      switch try action(for: result, &progress) {
      case .keep: rows.append(Rows(result))
      case .prepared(let name): prepared.insert(name)
      case .pass: break
      case .finish: break receiving
      }
    }
    guard PQexitPipelineMode(handle) == 1 else { throw lost(progress) }
    if let failure = progress.failure { throw PostgresError(failure, of: progress.failedStatement) }
    if let warning = notices.takeWarnings().first(where: \.saysNotReplicated) {
      throw PostgresError(notReplicated: warning)
    }
    return rows
  }

  /// The same for one statement.
  func run(
    _ statement: Statement, _ parameters: Parameters = Parameters(capacity: 0), within time: Duration
  ) throws(PostgresError) -> Rows {
    var pipeline = Pipeline()
    pipeline.add(statement, parameters)
    return try run(pipeline, within: time)[0]
  }

  /// Executes several statements without parameters, one transaction if they don't say otherwise. What they return is dropped.
  func execute(_ sql: String, within time: Duration) throws(PostgresError) {
    let deadline = Deadline(after: time)
    let handle = try opened(until: deadline)
    // How many answers there will be, only the server knows.
    var progress = PipelineProgress([])
    guard PQsendQuery(handle, sql) == 1 else { throw lost(progress) }
    while let result = try next(on: handle, until: deadline, &progress) {
      _ = try action(for: result, &progress)
    }
    if let failure = progress.failure { throw PostgresError(failure) }
  }

  /// The server forgets those statements: whoever uses one prepares it again.
  ///
  /// - Parameter isMeant: Given a statement's name.
  func forget(where isMeant: (String) -> Bool, within time: Duration) throws(PostgresError) {
    let names = prepared.filter(isMeant)
    guard !names.isEmpty else { return }
    prepared.subtract(names)
    try execute(names.map { "DEALLOCATE \"\($0)\"" }.joined(separator: "; "), within: time)
  }

  // MARK: What comes by itself

  /// What came of LISTEN since the last call; without waiting.
  func notifications() -> [Notification] {
    if let handle { take(from: handle) }
    defer { received = [] }
    return received
  }

  /// Waits until the server sends something, or the time is over.
  ///
  /// - Throws: It has ended the connection.
  func wait(for time: Duration) throws(PostgresError) {
    let handle = try opened(until: nil)
    // Some may have come while a statement ran.
    collect(from: handle)
    guard received.isEmpty, Deadline(after: time).wait(for: PQsocket(handle)) else { return }
    _ = try opened(until: nil)
  }

  /// Reads what is there while nothing runs.
  private func take(from handle: OpaquePointer) {
    PQconsumeInput(handle)
    collect(from: handle)
  }

  private func collect(from handle: OpaquePointer) {
    while let one = PQnotifies(handle) {
      received.append(
        Notification(
          channel: String(cString: one.pointee.relname), payload: String(cString: one.pointee.extra),
          backendID: one.pointee.be_pid))
      PQfreemem(one)
    }
  }

  // MARK: Sending and receiving

  /// The connection, if it can be used.
  ///
  /// libpq says of what it could not send that it was sent. So what the server has ended is found out before anything is.
  ///
  /// - Parameter deadline: Messages of other sessions may come faster than they are taken: until when they are. nil: who calls comes again, and
  ///   what is there is taken once.
  private func opened(until deadline: Deadline?) throws(PostgresError) -> OpaquePointer {
    guard let handle else { throw notices.farewell.map { PostgresError($0) } ?? .closed }
    while isOpen, Deadline(after: .zero).wait(for: PQsocket(handle)) {
      if deadline?.isOver == true { throw tooLate(PipelineProgress([])) }
      take(from: handle)
      if deadline == nil { break }
    }
    guard isOpen else { throw lost(PipelineProgress([])) }
    return handle
  }

  /// Hands all to libpq, and begins to send it.
  private func send(_ pipeline: Pipeline, on handle: OpaquePointer) throws(PostgresError) -> PipelineProgress
  {
    var steps: [PipelineProgress.Step] = []
    var preparing: Set<String> = []
    var isTaken = PQenterPipelineMode(handle) == 1
    for (statement, parameters) in pipeline.commands where isTaken {
      let (name, count) = (statement.name, Int32(statement.types.count))
      if !prepared.contains(name), preparing.insert(name).inserted {
        isTaken = PQsendPrepare(handle, name, statement.sql, count, statement.types.map(\.rawValue)) == 1
        steps.append(.prepare(name))
      }
      guard isTaken else { break }
      isTaken = parameters.withPointers { values, lengths, formats in
        PQsendQueryPrepared(handle, name, count, values, lengths, formats, 1) == 1
      }
      steps.append(.execute(name))
    }
    let progress = PipelineProgress(steps)
    guard isTaken, PQpipelineSync(handle) == 1 else { throw lost(progress) }
    return progress
  }

  /// The next result; nil: the end of a command's, or of all.
  private func next(
    on handle: OpaquePointer, until deadline: Deadline, _ progress: inout PipelineProgress
  ) throws(PostgresError) -> CommandResult? {
    while true {
      if !progress.isSent, PQstatus(handle) == CONNECTION_OK, PQflush(handle) == 0 { progress.sent() }
      // Also where the connection has ended: what came before is read first.
      if PQisBusy(handle) == 0 { return PQgetResult(handle).map(CommandResult.init) }
      guard PQstatus(handle) == CONNECTION_OK else { throw lost(progress) }
      // Also where something comes all the time, and never the end of it.
      guard !deadline.isOver, deadline.wait(for: PQsocket(handle), writing: !progress.isSent) else {
        throw tooLate(progress)
      }
      PQconsumeInput(handle)
    }
  }

  private func action(
    for result: CommandResult, _ progress: inout PipelineProgress
  ) throws(PostgresError) -> PipelineProgress.Action {
    switch PQresultStatus(result.handle) {
    case PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_EMPTY_QUERY: return progress.done()
    case PGRES_PIPELINE_ABORTED: return progress.skipped()
    case PGRES_PIPELINE_SYNC: return .finish
    case PGRES_FATAL_ERROR:
      guard let message = ServerMessage(result.handle) else { throw lost(progress) }
      return progress.failed(message)
    // A COPY, which nobody here asks for: nothing else would get through any longer.
    default: throw lost(progress)
    }
  }

  /// Closes it, since the time is over.
  private func tooLate(_ progress: PipelineProgress) -> PostgresError {
    breakOff()
    return PostgresError(
      .timedOut, "the database server has not answered in time",
      hint: "look at its load, its disk, and who holds locks (pg_stat_activity)",
      isUnknownOutcome: progress.mayBeCommitted)
  }

  /// Closes it, and says why.
  private func lost(_ progress: PipelineProgress) -> PostgresError {
    let said = handle.flatMap { PQerrorMessage($0) }.map { String(cString: $0) } ?? ""
    breakOff()
    let isUnknown = progress.mayBeCommitted
    if let message = progress.failure ?? notices.farewell {
      return PostgresError(message, of: progress.failedStatement, isUnknownOutcome: isUnknown)
    }
    let reason = said.prefix { $0 != "\n" }
    return PostgresError(
      .connection,
      "the connection to the database server is lost" + (reason.isEmpty ? "" : ": \(reason)"),
      hint: "it is tried again; look whether the server runs, and into its log",
      isUnknownOutcome: isUnknown)
  }
}

@available(*, unavailable)
extension PostgresConnection: Sendable {}

extension Statement {
  /// For the session, not for a transaction.
  fileprivate static let settings = Statement(
    name: "settings",
    sql: "SELECT set_config(name, value, false) FROM unnest($1, $2) AS setting(name, value)",
    types: [.textArray, .textArray])
}
