import RelayCore
import RelayStoring

/// How walks along deliveries read. A test asserts each one's plan, by its name here.
struct WalkStatements: Sendable {
  private let shelves: Statement
  private let unlisted: Statement
  private let all: Statement
  private let rerouted: Statement
  private let replayed: Statement

  init(_ names: TableNames) {
    // The days that no lane goes into are left out before the first is begun.
    shelves = Statement(
      name: "walk_shelves",
      sql: """
        SELECT l.place, p.id
        FROM unnest($1::int4[], $2::int2[], $3::int8[], $4::int8[]) WITH ORDINALITY AS l(destination, shelf, first, before, place)
        CROSS JOIN LATERAL (
          SELECT d.id FROM \(names.delivery) d
          WHERE \(ShelfRead.rows("l.destination", "l.shelf", upTo: "l.before - 1", fromDayOf: "$6"))
            \(DayBounds.and("d.id", from: nil, upTo: "$7"))
          ORDER BY \(ShelfRead.newestFirst) LIMIT $5) p
        WHERE p.id >= l.first ORDER BY l.place, p.id DESC
        """,
      types: [.int4Array, .int2Array, .int8Array, .int8Array, .int8, .int8, .int8])
    let columns = "d.id, d.destination, d.state, d.reason"
    let types: [ColumnType] = [.int8, .int8, .int8]
    func along(_ name: String, _ condition: String) -> Statement {
      Statement(
        name: name,
        sql: """
          SELECT \(columns) FROM \(names.delivery) d WHERE d.id < $1 AND d.id >= $2\(condition) ORDER BY d.id DESC LIMIT $3
          """,
        types: types)
    }
    unlisted = along(
      "walk_unlisted",
      " AND d.id >= \(UnlistedRead.first(names)) AND d.state = 0 AND d.shelf IS NULL")
    all = along("walk_all", "")
    rerouted = along("walk_rerouted", " AND d.arrived IS NOT NULL AND d.run = 0")
    replayed = along("walk_replayed", " AND d.arrived IS NOT NULL AND d.run > 0")
  }

  /// Reads on in these lanes, by their places: one round trip.
  ///
  /// - Parameters:
  ///   - all: The walk's.
  ///   - state: What those have that fit; nil: any.
  ///   - destination: Whose they are; nil: anybody's.
  func read(
    _ lanes: [Int], of all: [DeliveryLane], for walk: inout MergedWalk, before: DeliveryID,
    _ state: DeliveryFilter.State?,
    _ destination: Int32?, _ connection: LookupConnection
  ) throws(StoreError) {
    var pipeline = Pipeline()
    let onShelves = lanes.filter { all[$0].isShelf }
    if !onShelves.isEmpty {
      pipeline.add(shelves, Self.parameters(onShelves.map { all[$0] }, before, walk.page))
    }
    let others = lanes.filter { !all[$0].isShelf }
    for lane in others {
      let lane = all[lane]
      var parameters = Parameters()
      parameters.add(min(before, lane.end))
      parameters.add(lane.first)
      parameters.add(Int64(walk.page))
      pipeline.add(statement(lane.source), parameters)
    }
    var rows = try connection.read(pipeline)[...]
    if !onShelves.isEmpty {
      var steps = [[MergedWalk.Step]](repeating: [], count: onShelves.count)
      for row in rows.removeFirst() {
        let step = MergedWalk.Step(delivery: DeliveryID(rawValue: row.integer(1)), fits: true)
        steps[Int(row.integer(0)) - 1].append(step)
      }
      for (lane, steps) in zip(onShelves, steps) { walk.add(steps, toLane: lane) }
    }
    for (lane, rows) in zip(others, rows) {
      walk.add(rows.map { Self.step($0, state, destination) }, toLane: lane)
    }
  }

  private static func parameters(_ lanes: [DeliveryLane], _ before: DeliveryID, _ page: Int) -> Parameters {
    var parameters = Parameters(capacity: 48 * lanes.count + 128)
    let shelves = lanes.map { lane -> (shelf: Int16, destination: Int32) in
      guard case .shelf(let shelf, let destination) = lane.source else {
        preconditionFailure("a lane that is no shelf")
      }
      return (shelf, destination)
    }
    parameters.add(array: shelves.lazy.map(\.destination))
    parameters.add(array: shelves.lazy.map(\.shelf))
    let ends = lanes.map { min(before, $0.end) }
    parameters.add(array: lanes.lazy.map(\.first))
    parameters.add(array: ends)
    parameters.add(Int64(page))
    parameters.add(boundsOf: lanes.map(\.first) + ends)
    return parameters
  }

  private func statement(_ source: DeliveryLane.Source) -> Statement {
    switch source {
    case .shelf: shelves
    case .unlisted: unlisted
    case .all: all
    case .rerouted: rerouted
    case .replayed: replayed
    }
  }

  private static func step(
    _ row: Row, _ state: DeliveryFilter.State?, _ destination: Int32?
  ) -> MergedWalk.Step {
    let itsState = DeliveryState(rawValue: Int(row.integer(2)))
    let reason = row.optionalInteger(3).flatMap { DiscardReason(rawValue: Int($0)) }
    let fits = state.map { state in itsState.map { state.holds($0, discarded: reason) } ?? false } ?? true
    return MergedWalk.Step(
      delivery: DeliveryID(rawValue: row.integer(0)),
      fits: fits && destination.map { $0 == row.int32(1) } ?? true)
  }
}

extension DeliveryLane {
  fileprivate var isShelf: Bool { if case .shelf = source { true } else { false } }
}

/// Where deliveries stand that are on no shelf since their lanes have them.
enum UnlistedRead {
  /// None of any node is before it: nodes at work keep it near the end of the table, and a slot that nobody has has no row.
  static func first(_ names: TableNames) -> String {
    "(SELECT coalesce(min(u.first), \(Int64.max)) FROM \(names.unlisted) u)"
  }
}
