import RelayCore

/// What is kept in memory of the tables. It says what is on disk, and what the transaction under way has changed: so it
/// succeeds or fails with that. It registers itself with `Transactions` when it is made.
protocol TransactionMember: AnyObject {
  /// All else has been done: writes what is written once in a transaction.
  func prepare() throws(StoreError)
  /// The transaction is on disk.
  func commit()
  /// It has failed, and has changed nothing.
  func rollback()
}

extension TransactionMember {
  func prepare() throws(StoreError) {}
}

/// All transactions that write, one after another. Confined to the store's thread.
///
/// There is one way to change the database, `run`: what it begins, it ends. If anything fails, SQLite's transaction is
/// rolled back, and every member with it.
final class Transactions {
  private let connection: Connection
  private let begin: Statement
  private let commit: Statement
  private var members: [any TransactionMember] = []
  /// Why none is begun any more. It lasts.
  private(set) var refusal: StoreError?

  init(_ connection: Connection) throws(StoreError) {
    self.connection = connection
    begin = try connection.prepare("BEGIN IMMEDIATE")
    commit = try connection.prepare("COMMIT")
  }

  func register(_ member: any TransactionMember) { members.append(member) }

  /// Nothing is written any more.
  func refuseAll(_ error: StoreError) { refusal = error }

  /// Carries out a transaction: once this returns, what `body` did is on disk. Before anybody is told that it is kept,
  /// `StoreSession.confirm`.
  ///
  /// - Throws: What `body` threw, or why it can't be committed. Nothing of it is left then, neither on disk nor in memory.
  func run<Value>(_ body: () throws(StoreError) -> Value) throws(StoreError) -> Value {
    let value: Value
    do throws(StoreError) {
      if let refusal { throw refusal }
      connection.forgetErrors()
      try begin.run()
      value = try body()
      for member in members { try member.prepare() }
      try commit.run()
    } catch {
      connection.rollBack()
      for member in members { member.rollback() }
      throw error
    }
    for member in members { member.commit() }
    return value
  }
}

@available(*, unavailable)
extension Transactions: Sendable {}
