import Glibc
import RelayCore
import RelayThreads

/// The connection that all of the path goes through, made again where it was lost. Confined to the store's thread.
final class StoreConnection {
  private let writer: WriterSession
  /// What shows the others that this node lives; nil: not yet.
  private var lease: LeaseKeeper?
  /// Why nothing is written or answered any more; nil: it is. It lasts.
  private(set) var loss: StoreError?
  /// Not before that is it made again, and why it could not be made the last time: that is said until then, so that one outage is not told
  /// in two words by turns.
  private var refusal: (error: StoreError, until: ContinuousClock.Instant)?
  /// Why a call has failed, as far as it matters to who made it.
  enum Failure {
    /// What it wrote may be there, or not.
    case inDoubt
    /// Others have changed the same rows, or waited for it: the same may go now.
    case disturbed
    /// Somebody has what it wanted to lock.
    case lockNotAvailable
    /// Another node has stored the same.
    case twin
  }

  /// Of the last call that failed.
  private(set) var failure: Failure?
  var isInDoubt: Bool { failure == .inDoubt }

  /// How often it was made again.
  private(set) var regains = 0
  /// Why the server could not be asked the last time what has become of a commit, while that is not known: for who looks from outside.
  let doubt = Locked<String?>(nil)
  private let patience: Duration
  /// From one attempt to connect to the next.
  private static let pause = Duration.milliseconds(500)

  /// - Parameter patience: How long a commit, or a read for it, may take. A standby that is away, and locks of others, may keep it without
  ///   end.
  init(_ writer: WriterSession, patience: Duration) {
    self.writer = writer
    self.patience = patience
  }

  /// From now on the node's lease ends with its hold of the store.
  func attach(_ lease: LeaseKeeper) { self.lease = lease }

  /// Why no attempt may start, though the store is not lost; nil: one may.
  func startLack(at now: Timestamp) -> StartLack? { loss == nil ? lease?.startLack(at: now) : nil }

  /// The configuration with this hash is active from now on.
  func configured(as hash: String) { writer.configuration.withLock { $0 = hash } }

  /// The node has given ticks up to this one.
  func gave(upTo tick: Int64) { writer.ticks.withLock { $0 = max($0, tick) } }

  /// The other nodes are to look what is new, after some milliseconds at most.
  func tellOthers(upTo id: DeliveryID) { lease?.stored(upTo: id.rawValue) }

  /// Who lives, as of the last heartbeat.
  var nodes: LiveNodes { lease?.nodes ?? LiveNodes() }

  var holding: SlotHolding { writer.holding.withLock { $0 } }

  // MARK: Others

  /// The other nodes that can write.
  func others() throws(StoreError) -> [SlotHolding] {
    try regain()
    do throws(PostgresError) { return try writer.others() } catch { throw StoreError(error) }
  }

  /// Takes over the slot of a node that is over.
  ///
  /// - Returns: nil: not yet, or another node was quicker.
  func takeOver(_ node: LiveNodes.Over) throws(StoreError) -> SlotHolding? {
    try regain()
    do throws(PostgresError) { return try writer.takeOver(node)?.holding } catch { throw StoreError(error) }
  }

  /// Whether the slot still is this node's to clear up: a connection that was lost may have cost it.
  func clearsUp(_ holding: SlotHolding) -> Bool { writer.clearsUp(holding) }

  /// Nothing is left of the node that had the slot.
  func giveBack(_ holding: SlotHolding) throws(StoreError) {
    try regain()
    do throws(PostgresError) { try writer.giveBack(holding) } catch { throw StoreError(error) }
  }

  // MARK: Calls

  /// One round trip, one transaction.
  ///
  /// - Parameter number: Of `regains`: it goes by the connection that there was then, or fails; nil: by any.
  func run(_ pipeline: Pipeline, by number: Int? = nil) throws(StoreError) -> [Rows] {
    failure = nil
    if let loss { throw loss }
    try regain()
    if let number, number != regains { throw .lostMeanwhile }
    do throws(PostgresError) {
      return try writer.connection.run(pipeline, within: patience)
    } catch {
      failure = Failure(error)
      throw StoreError(error)
    }
  }

  /// Statements that are about other days than this one are prepared again where they are used.
  func forgetStatements(ofOtherDaysThan day: Day) throws(StoreError) {
    guard writer.connection.isOpen else { return }
    do throws(PostgresError) {
      try writer.connection.forget(
        where: { name in Day(ofStatement: name).map { $0 != day } ?? false }, within: patience)
    } catch {
      throw StoreError(error)
    }
  }

  /// The same, of statements that write nothing.
  func read(_ pipeline: Pipeline) throws(StoreError) -> [Rows] { try run(pipeline) }

  func read(
    _ statement: Statement, _ parameters: Parameters = Parameters(capacity: 0)
  ) throws(StoreError) -> Rows {
    var pipeline = Pipeline()
    pipeline.add(statement, parameters)
    return try run(pipeline)[0]
  }

  /// Asks until there is an answer, however long the server is away: the store's thread does nothing else meanwhile, and `doubt` says why.
  /// Whatever else it did would be worse: what is stored would be sent again, or taken for lost. A relay that is to end does not wait for it.
  ///
  /// - Parameter ask: Writes nothing.
  /// - Throws: `lost`.
  func insist<Answer>(
    _ ask: (StoreConnection) throws(StoreError) -> Answer
  ) throws(StoreError) -> Answer {
    defer { doubt.withLock { $0 = nil } }
    while true {
      do throws(StoreError) {
        return try ask(self)
      } catch {
        if let loss { throw loss }
        let reason = error.message
        doubt.withLock { $0 = reason }
        usleep(UInt32(Self.pause.microseconds))
      }
    }
  }

  /// It is there, as far as is known; or is made again.
  func ready() throws(StoreError) {
    if let loss { throw loss }
    try regain()
  }

  /// Connects anew after the connection was lost, and takes the node's slot again.
  private func regain() throws(StoreError) {
    guard !writer.connection.isOpen else { return }
    if let refusal, .now < refusal.until { throw refusal.error }
    do throws(NodeError) {
      let regained = try writer.reopen()
      refusal = nil
      guard case .same = regained else {
        // The slot that it has now is of no use to it.
        lease?.end()
        try? writer.withdraw()
        throw NodeError.refused(.takenOver)
      }
      regains += 1
    } catch {
      let failure = StoreError(error)
      refusal = (failure, .now.advanced(by: Self.pause))
      if failure.code == .lost { refuseAll(failure) }
      throw failure
    }
  }

  /// Nothing is written or answered any more, and nothing starts.
  private func refuseAll(_ error: StoreError) {
    loss = error
    lease?.end()
    writer.close()
  }

  /// The node ends: what it held is free at once. First its lease ends, and then it has no slot: so the others see none that is over.
  ///
  /// - Parameter leavesWork: Deliveries of its are in no index. Whoever gets the slot next finds them, and else those who see that this node
  ///   is over.
  func leave(leavesWork: Bool = false) {
    lease?.end()
    if loss == nil {
      if leavesWork { try? writer.standDown() } else { try? writer.leave() }
    }
    writer.close()
  }
}

@available(*, unavailable)
extension StoreConnection: Sendable {}

extension StoreConnection.Failure {
  fileprivate init?(_ error: PostgresError) {
    switch error.state {
    case _ where error.isUnknownOutcome: self = .inDoubt
    case "40001", "40P01": self = .disturbed
    case "55P03": self = .lockNotAvailable
    case "23505" where TableNames().twins.contains(error.table ?? ""): self = .twin
    default: return nil
    }
  }
}

extension StoreError {
  /// - Parameter error: What the server, or the way to it, said.
  init(_ error: PostgresError) {
    self.init(code: error.state == "53100" ? .full : .failing, message: "\(error)")
  }

  init(_ error: NodeError) {
    switch error {
    case .refused(let refusal): self = refusal
    case .failed(let error): self.init(error)
    }
  }

  /// What keeps a store from being opened.
  init(opening error: NodeError) {
    switch error {
    case .refused(let refusal): self = refusal
    case .failed(let error):
      self.init(code: error.mayPass ? .unreachable : .cannotOpen, message: "\(error)")
    }
  }

  fileprivate static let lostMeanwhile = StoreError(
    code: .failing,
    message: "the connection to the database server was lost before a commit was sent; it has been made again"
  )

  fileprivate static let takenOver = StoreError(
    code: .lost,
    message:
      "another relay has taken over what this one had in the store, or a standby has become its primary: start it again"
  )
}
