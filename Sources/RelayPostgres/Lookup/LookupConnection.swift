import RelayCore

/// The connection of a lookup, made with the first question, and again where it was lost. Its transactions can't write, and nothing that it
/// does lasts longer than its limits. Confined to its thread.
final class LookupConnection {
  struct Limits: Sendable {
    /// Of connecting, with all that is asked before the first question.
    var opening: Duration
    /// Of each call. The server has its own limit before that: see `SessionSettings`.
    var call: Duration
    /// Where there is no way to the server, questions fail at once for so long: whoever asks many waits for the first alone.
    var pause: Duration

    static let standard = Limits(opening: .seconds(5), call: .seconds(12), pause: .seconds(1))
  }

  private let opener: SessionOpener
  private let limits: Limits
  private let store: EventID?
  private var connection: PostgresConnection?
  /// Why there is none, and until when that is not tried again.
  private var refusal: (error: StoreError, until: ContinuousClock.Instant)?
  /// The last call failed since the connection was lost: another one may answer.
  private var wasLost = false

  /// - Parameter store: The id of the one that is to be there; nil: whichever.
  init(
    _ address: ServerAddress, of store: EventID? = nil, applicationName: String, _ limits: Limits = .standard
  ) {
    opener = SessionOpener(address: address, applicationName: applicationName, limit: limits.opening)
    self.limits = limits
    self.store = store
  }

  /// How often it was made: what is kept of earlier answers is of one connection. Another one may lead to a server that lacks some of it.
  private(set) var generation = 0

  func close() {
    connection?.close()
    connection = nil
  }

  // MARK: Asking

  /// Reads everything as it stands at one time. Where a connection that was there before is found lost, it is done again on a new one.
  ///
  /// - Parameters:
  ///   - first: Gives what is read with the beginning of the transaction, in one round trip. Called once there is a connection.
  ///   - body: Given what that has brought. It may be called twice.
  func snapshot<Value>(
    _ first: () -> Pipeline = { Pipeline() }, _ body: ([Rows]) throws(StoreError) -> Value
  ) throws(StoreError) -> Value {
    let isNew = try open()
    do throws(StoreError) {
      return try transaction(first(), body)
    } catch {
      guard wasLost && !isNew else { throw error }
      _ = try open()
      return try transaction(first(), body)
    }
  }

  private func transaction<Value>(
    _ first: Pipeline, _ body: ([Rows]) throws(StoreError) -> Value
  ) throws(StoreError) -> Value {
    var pipeline = Pipeline()
    pipeline.add(.begin)
    for (statement, parameters) in first.commands { pipeline.add(statement, parameters) }
    do throws(StoreError) {
      let value = try body(Array(try read(pipeline).dropFirst()))
      _ = try read(.commit)
      return value
    } catch {
      // The next question begins with a transaction of its own.
      if connection?.isOpen ?? false, (try? read(.rollback)) == nil { close() }
      throw error
    }
  }

  /// Within a snapshot. One round trip.
  func read(_ pipeline: Pipeline) throws(StoreError) -> [Rows] {
    guard let connection else { throw StoreError(.closed) }
    do throws(PostgresError) {
      return try connection.run(pipeline, within: limits.call)
    } catch {
      wasLost = !connection.isOpen && error.kind != .timedOut
      if !connection.isOpen { close() }
      throw StoreError(error)
    }
  }

  func read(
    _ statement: Statement, _ parameters: Parameters = Parameters(capacity: 0)
  ) throws(StoreError) -> Rows {
    var pipeline = Pipeline()
    pipeline.add(statement, parameters)
    return try read(pipeline)[0]
  }

  /// - Returns: Whether it was made just now.
  private func open() throws(StoreError) -> Bool {
    wasLost = false
    if let connection, connection.isOpen { return false }
    close()
    if let refusal, .now < refusal.until { throw refusal.error }
    refusal = nil
    do throws(NodeError) {
      connection = try connect()
      generation += 1
      return true
    } catch {
      let error = StoreError(error)
      refusal = (error, .now.advanced(by: limits.pause))
      throw error
    }
  }

  /// Another host of the address, or a server that was put in the place of one, may not have the same.
  private func connect() throws(NodeError) -> PostgresConnection {
    let deadline = Deadline(after: limits.opening)
    var opener = opener
    opener.deadline = deadline
    let connection = try opener.open(.look)
    do throws(NodeError) {
      try check(connection, until: deadline)
      return connection
    } catch {
      connection.close()
      throw error
    }
  }

  private func check(_ connection: PostgresConnection, until deadline: Deadline) throws(NodeError) {
    var pipeline = Pipeline()
    pipeline.add(.isStandby)
    if store != nil { pipeline.add(SchemaStatements.mark) }
    let rows = try asServer { () throws(PostgresError) in
      try connection.run(pipeline, within: deadline.remaining)
    }
    // It may lag behind: what was answered a moment ago would be gone.
    if rows[0][0].bool(0) { throw .refused(.cannotOpen, ServerCheck.standbyRefusal) }
    if let store, rows[1].first?.eventID(0) != store {
      throw .refused(.cannotOpen, ServerCheck.otherStoreRefusal)
    }
  }
}

@available(*, unavailable)
extension LookupConnection: Sendable {}

extension Statement {
  fileprivate static let begin = Statement(name: "begin_look", sql: "BEGIN")
  fileprivate static let commit = Statement(name: "end_look", sql: "COMMIT")
  fileprivate static let isStandby = Statement(name: "is_standby", sql: "SELECT pg_is_in_recovery()")
  fileprivate static let rollback = Statement(name: "give_up_look", sql: "ROLLBACK")
}
