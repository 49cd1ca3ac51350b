import Glibc
import RelayCore
import RelayStoring

/// Sees to it that nodes know of each other's envelopes. As long as there are others this one tells them, and writes keys of what it stores; it
/// stores nothing while it has not read what they tell. One that is alone does none of this. Confined to the store's thread, between commits.
///
/// docs/decisions/0050-redeliveries-over-nodes.md says why of the same bytes one is stored.
final class Telling {
  private let session: StoreSession
  private let news: NewsReader
  private let statements: TellingStatements
  private let messages: LaneStatements
  /// The others can read that it tells.
  private var isAnnounced = false
  /// Those that this node has not waited for any longer at its start.
  private var silent: [SlotHolding] = []
  /// Of `StoreConnection.regains`: what others tell was read while there was that connection.
  private var regains = 0

  /// What other nodes have stored earlier than this is known, whenever something is stored. Keys are unique for longer: `TwinTurn`.
  static let freshness = Duration.seconds(10)
  /// How long a node that starts waits for the others to tell: one that does not answer its heartbeats is over by then.
  private static let patience = Duration.seconds(6)
  private static let pause = Duration.milliseconds(20)

  init(_ session: StoreSession, _ news: NewsReader, _ tables: TableNames) {
    self.session = session
    self.news = news
    statements = TellingStatements(tables)
    messages = LaneStatements(tables)
  }

  private var connection: StoreConnection { session.connection }
  private var slot: Int16 { session.slot }

  // MARK: The start

  /// Makes all others tell. What each has stored before is in the store when this returns, and what comes after is in the news.
  func begin() throws(StoreError) {
    try news.begin()
    regains = connection.regains
    guard try !others().isEmpty else { return }
    session.twins.isOn = true
    let deadline = Deadline(after: Self.patience)
    // Where a session has ended, all of its commits are there.
    let writing = try connection.others()
    while true {
      if !isAnnounced { try unlessLocked(announce) }
      let others = try others()
      silent =
        isAnnounced
        ? writing.filter { one in others.contains { $0.holding == one && !$0.tells } } : writing
      guard !silent.isEmpty, !deadline.isOver else { return }
      var pipeline = Pipeline()
      messages.notify(from: slot, in: &pipeline)
      _ = try connection.run(pipeline)
      usleep(UInt32(Self.pause.microseconds))
    }
  }

  private func others() throws(StoreError) -> [TellingStatements.Other] {
    var pipeline = Pipeline()
    statements.others(than: slot, in: &pipeline)
    return TellingStatements.others(try connection.read(pipeline)[0])
  }

  /// What this node commits from now on it tells. All that it has committed before is there for who reads that.
  private func announce() throws(StoreError) {
    var pipeline = Pipeline()
    statements.announce(connection.holding, in: &pipeline)
    _ = try connection.run(pipeline)
    isAnnounced = true
  }

  /// Where another node has the lock, that is done with the next look.
  private func unlessLocked(_ change: () throws(StoreError) -> Void) throws(StoreError) {
    do throws(StoreError) {
      try change()
    } catch {
      guard connection.failure == .lockNotAvailable else { throw error }
    }
  }

  // MARK: Reading

  /// How many questions `ask` adds.
  static let questions = 2

  /// Adds the questions to others: who is there, before what they tell. So where nobody is, all that they have told is there.
  func ask(in pipeline: inout Pipeline) {
    statements.others(than: slot, in: &pipeline)
    news.ask(in: &pipeline)
  }

  /// - Parameter found: What `ask` has brought.
  /// - Returns: Whether there are no more news.
  func act(on found: ArraySlice<Rows>) throws(StoreError) -> Bool {
    let others = TellingStatements.others(found[found.startIndex])
    let isLastPage = try news.act(on: found[found.startIndex + 1])
    if others.isEmpty {
      if session.twins.isOn { try unlessLocked(cease) }
    } else if !isAnnounced {
      session.twins.isOn = true
      try unlessLocked(announce)
    }
    try hear(others)
    return isLastPage
  }

  /// Nobody else is there any more. All that they have told is read before this one ceases to tell: who comes by then waits for it.
  private func cease() throws(StoreError) {
    var pipeline = Pipeline()
    statements.cease(slot, in: &pipeline)
    ask(in: &pipeline)
    let found = try connection.run(pipeline)
    isAnnounced = false
    let others = TellingStatements.others(found[TellingStatements.ceasing])
    let isLastPage = try news.act(on: found[TellingStatements.ceasing + 1])
    if isLastPage && others.isEmpty { session.twins.isOn = false }
  }

  /// What those have stored untold who had not answered in time is in the store once they tell, or are gone.
  private func hear(_ others: [TellingStatements.Other]) throws(StoreError) {
    guard !silent.isEmpty else { return }
    let rest = silent.filter { one in others.contains { $0.holding == one && !$0.tells } }
    guard rest.count < silent.count else { return }
    try session.readEnvelopes()
    silent = rest
  }

  // MARK: Before a commit

  /// Which connection a commit that stores envelopes may go by; nil: any. What is known of others was read while there was this one: they may
  /// have stored something since it was lost, and who has come by then does not wait for this node to tell.
  var connectionNumber: Int? { session.lanes.isShared ? regains : nil }

  /// Reads what others tell, where that was too long ago.
  func catchUp() throws(StoreError) {
    guard session.lanes.isShared else { return }
    try connection.ready()
    if regains != connection.regains {
      // Others may have come meanwhile; and where the server has crashed, the keys are gone.
      regains = connection.regains
      session.twins.isOn = true
      news.doubt()
    }
    if !news.isComplete(within: Self.freshness) { try read() }
  }

  private func read() throws(StoreError) {
    while true {
      var pipeline = Pipeline()
      ask(in: &pipeline)
      if try act(on: connection.read(pipeline)[...]) { return }
    }
  }

  /// A commit has failed, since another node has stored what it was to store. That one has ended by then, or there would be no such answer: so its
  /// news are there.
  func learnTwins() throws(StoreError) {
    var pipeline = Pipeline()
    session.twins.askTaken(in: &pipeline)
    ask(in: &pipeline)
    let found = try connection.read(pipeline)
    session.twins.take(found[0])
    if try !act(on: found[1...]) { try read() }
  }
}

@available(*, unavailable)
extension Telling: Sendable {}
