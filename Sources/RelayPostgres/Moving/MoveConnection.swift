import RelayCore

/// The connection of a move. Confined to one thread.
struct MoveConnection {
  let connection: PostgresConnection
  /// Of each call.
  let limit: Duration

  /// Tables are read along as wholes, which takes longer than a transaction of the path may.
  func allowTime() throws(StoreError) {
    do throws(PostgresError) {
      if connection.serverVersion >= 170_000 {
        try connection.execute("SET transaction_timeout = 0", within: limit)
      }
    } catch {
      throw StoreError(error)
    }
  }

  /// One round trip, one transaction.
  func run(_ pipeline: Pipeline) throws(StoreError) {
    do throws(PostgresError) { _ = try connection.run(pipeline, within: limit) } catch {
      throw StoreError(error)
    }
  }

  func run(
    _ statement: Statement, _ parameters: Parameters = Parameters(capacity: 0)
  ) throws(StoreError) -> Rows {
    do throws(PostgresError) {
      return try connection.run(statement, parameters, within: limit)
    } catch {
      throw StoreError(error)
    }
  }

  /// - Parameter call: Asks the server.
  func ask<Answer>(
    _ call: (PostgresConnection, Duration) throws(PostgresError) -> Answer
  ) throws(StoreError) -> Answer {
    do throws(PostgresError) { return try call(connection, limit) } catch { throw StoreError(error) }
  }
}

@available(*, unavailable)
extension MoveConnection: Sendable {}
