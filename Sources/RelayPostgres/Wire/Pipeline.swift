/// Statements that go to the server together: one round trip, one transaction.
struct Pipeline {
  private(set) var commands: [(statement: Statement, parameters: Parameters)] = []
  /// What the values of one statement may take, in bytes.
  private let largest: Int

  /// The server takes no message of more than 1 GiB less two bytes; the rest is for all of it that is not values.
  static let largestMessage = (1 << 30) - (1 << 20)

  init(largest: Int = Pipeline.largestMessage) {
    self.largest = largest
  }

  var isEmpty: Bool { commands.isEmpty }
  var count: Int { commands.count }

  mutating func add(_ statement: Statement, _ parameters: Parameters = Parameters(capacity: 0)) {
    insert(statement, parameters, at: commands.count)
  }

  /// - Parameter place: Before the one that stands there now.
  mutating func insert(_ statement: Statement, _ parameters: Parameters, at place: Int) {
    precondition(
      statement.types == parameters.types,
      "\(statement.name) takes \(statement.types), and was given \(parameters.types)")
    commands.insert((statement, parameters), at: place)
  }

  /// The server would end the connection over it, and the commits of others with it.
  ///
  /// - Throws: As the server does where it can't take what it is given.
  func refuseWhatIsTooLarge() throws(PostgresError) {
    guard let command = commands.first(where: { $0.parameters.byteCount > largest }) else { return }
    throw PostgresError(
      .server(state: "54000"),
      "the values of the statement \(command.statement.name) take \(command.parameters.byteCount) bytes, and the "
        + "database server takes \(largest) at once")
  }
}
