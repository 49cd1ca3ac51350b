import RelayCore
import RelayStoring

/// What people ask for at one node and another one does. Each row is changed by its asker and by who does it alone, and nobody waits for a
/// lock of it: what the asker changes while the other one may be at it passes over rows that are locked.
struct RequestStatements: Sendable {
  private let insert: Statement
  private let open: Statement
  private let giveUp: Statement
  private let touch: Statement
  private let forget: Statement
  private let sweep: Statement
  private let take: Statement
  private let keep: Statement
  private let answer: Statement

  /// How long a row stays that nobody has done anything with, as often as it is given up after.
  private static let keptTimes: Int64 = 10

  /// - Parameter patience: After so long without anything done a request is given up.
  init(_ names: TableNames, patience: Duration) {
    let now = "(extract(epoch FROM clock_timestamp()) * 1000000)::int8"
    let limit = patience.microseconds
    insert = Statement(
      name: "insert_request",
      sql: """
        INSERT INTO \(names.request) (kind, target, payload, slot, session, number, asked, touched)
        VALUES ($1, $2, $3, $4, $5, $6, \(now), \(now)) ON CONFLICT (slot, session, number) DO NOTHING
        """,
      types: [.int2, .int4, .text, .int2, .int8, .int8])
    open = Statement(
      name: "open_requests",
      sql: """
        SELECT id, kind, target, slot, session, number, changed, erased, answer, touched >= \(now) - \(limit) FROM \(names.request)
        WHERE answer IS NULL OR slot = $1 ORDER BY id
        """,
      types: [.int2])
    giveUp = Statement(
      name: "give_up_requests",
      sql: """
        UPDATE \(names.request) SET answer = $3 WHERE id IN (
          SELECT id FROM \(names.request)
          WHERE slot = $1 AND session = $2 AND answer IS NULL AND touched < \(now) - \(limit) ORDER BY id FOR UPDATE SKIP LOCKED)
        """,
      types: [.int2, .int8, .text])
    touch = Statement(
      name: "touch_requests",
      sql: """
        UPDATE \(names.request) SET touched = \(now) WHERE id IN (
          SELECT id FROM \(names.request) WHERE id = ANY($1) AND answer IS NULL ORDER BY id FOR UPDATE SKIP LOCKED)
        """,
      types: [.int8Array])
    forget = Statement(
      name: "forget_requests", sql: "DELETE FROM \(names.request) WHERE id = ANY($1)", types: [.int8Array])
    sweep = Statement(
      name: "sweep_requests",
      sql: """
        DELETE FROM \(names.request) WHERE id IN (
          SELECT id FROM \(names.request) WHERE touched < \(now) - \(limit * Self.keptTimes) ORDER BY id FOR UPDATE SKIP LOCKED)
        """)
    take = Statement(
      name: "take_request",
      sql: """
        UPDATE \(names.request) SET begun = coalesce(begun, \(now)), touched = \(now)
        WHERE id = $1 AND answer IS NULL AND touched >= \(now) - \(limit)
        RETURNING kind, payload, walked_to, walk_end, changed, erased
        """,
      types: [.int8])
    keep = Statement(
      name: "keep_request",
      sql: """
        UPDATE \(names.request) SET touched = \(now), walked_to = $2, walk_end = $3, changed = $4, erased = $5, answer = $6
        WHERE id = $1 AND answer IS NULL
        """,
      types: [.int8, .int8, .int8, .int8, .int8, .text])
    answer = Statement(
      name: "answer_request",
      sql: "UPDATE \(names.request) SET touched = \(now), answer = $2 WHERE id = $1 AND answer IS NULL",
      types: [.int8, .text])
  }

  // MARK: Who asks

  /// One that is there already, since the answer to that was lost, is left as it is.
  func insert(
    _ request: NodeRequest, to target: Int32, as number: Int64, of asker: SlotHolding,
    in pipeline: inout Pipeline
  ) {
    var parameters = Parameters()
    parameters.add(request.kind.rawValue)
    parameters.add(target)
    parameters.add(StoredText.written(request.text))
    parameters.add(Int16(asker.slot))
    parameters.add(asker.session)
    parameters.add(number)
    pipeline.add(insert, parameters)
  }

  /// Those of this asker with which nobody has gone on are answered so.
  func giveUp(of asker: SlotHolding, in pipeline: inout Pipeline) {
    var parameters = Parameters()
    parameters.add(Int16(asker.slot))
    parameters.add(asker.session)
    parameters.add(RequestAnswer.failed(.isGivenUp).text)
    pipeline.add(giveUp, parameters)
  }

  /// They are this node's to do, and wait for what comes before them.
  func touch(_ ids: [Int64], in pipeline: inout Pipeline) {
    var parameters = Parameters(capacity: 16 * ids.count + 64)
    parameters.add(array: ids)
    pipeline.add(touch, parameters)
  }

  /// Their answers are read.
  func forget(_ ids: [Int64], in pipeline: inout Pipeline) {
    var parameters = Parameters()
    parameters.add(array: ids)
    pipeline.add(forget, parameters)
  }

  /// Those whose asker is gone, too.
  func sweep(in pipeline: inout Pipeline) { pipeline.add(sweep) }

  /// All that have not ended, and those of this slot that have, in the order in which they were asked for.
  func open(for slot: Int16, in pipeline: inout Pipeline) {
    var parameters = Parameters()
    parameters.add(slot)
    pipeline.add(open, parameters)
  }

  static func rows(_ rows: Rows) -> [RequestRow] {
    rows.map { row in
      RequestRow(
        id: row.integer(0), kind: NodeRequest.Kind(rawValue: Int16(row.int32(1))), target: row.int32(2),
        asker: SlotHolding(slot: Int(row.int32(3)), session: row.integer(4)), number: row.integer(5),
        isFresh: row.bool(9),
        made: ChangedDeliveries(changed: Int(row.integer(6)), erased: Int(row.integer(7))),
        answer: row.optionalText(8).map { RequestAnswer(text: StoredText.read($0)) })
    }
  }

  // MARK: Who does it

  /// What is to be done, and how far somebody has come with it who is gone.
  struct Taken {
    /// nil: another version's.
    var request: NodeRequest?
    var progress: ChangeProgress
  }

  /// From now on it is not given up unless nothing is done for long.
  ///
  /// - Returns: nil: nobody waits for it any more.
  func take(_ id: Int64, _ connection: StoreConnection) throws(StoreError) -> Taken? {
    var parameters = Parameters()
    parameters.add(id)
    return try connection.read(take, parameters).first.map { row in
      Taken(
        request: NodeRequest(kind: Int16(row.int32(0)), text: StoredText.read(row.text(1))),
        progress: ChangeProgress(
          walkedTo: row.optionalInteger(2), end: row.optionalInteger(3).map(DeliveryID.init(rawValue:)),
          made: ChangedDeliveries(changed: Int(row.integer(4)), erased: Int(row.integer(5)))))
    }
  }

  /// How far a change comes with this commit.
  ///
  /// - Parameters:
  ///   - isLast: It ends with it.
  ///   - isGivenUp: Called if nobody waits for it any more.
  func keep(
    _ progress: ChangeProgress, of id: Int64, isLast: Bool, in commit: PendingCommit,
    isGivenUp: @escaping () -> Void
  ) {
    var parameters = Parameters()
    parameters.add(id)
    parameters.add(progress.walkedTo)
    parameters.add(progress.end?.rawValue)
    parameters.add(Int64(progress.made.changed))
    parameters.add(Int64(progress.made.erased))
    let answer: String? = isLast ? RequestAnswer.done.text : nil
    parameters.add(answer)
    commit.add(keep, parameters) { if $0.affected == 0 { isGivenUp() } }
  }

  func answer(_ id: Int64, _ answer: RequestAnswer, in commit: PendingCommit) {
    commit.add(self.answer, Self.parameters(id, answer))
  }

  func answer(_ id: Int64, _ answer: RequestAnswer, in pipeline: inout Pipeline) {
    pipeline.add(self.answer, Self.parameters(id, answer))
  }

  private static func parameters(_ id: Int64, _ answer: RequestAnswer) -> Parameters {
    var parameters = Parameters()
    parameters.add(id)
    parameters.add(StoredText.written(answer.text))
    return parameters
  }
}
