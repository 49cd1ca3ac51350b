import CSQLite
import RelayCore
import RelayStoring

/// A prepared statement. Values are bound by their place, from 1; columns count from 0, as in SQLite.
final class Statement {
  private let handle: OpaquePointer
  private let connection: Connection
  private let values: BoundValues
  let sql: String

  init(_ handle: OpaquePointer, connection: Connection, sql: String) {
    self.handle = handle
    values = BoundValues(count: Int(sqlite3_bind_parameter_count(handle)))
    self.connection = connection
    self.sql = sql
  }

  deinit {
    sqlite3_finalize(handle)
  }

  /// Executes a statement that returns no rows; it can then be bound anew.
  func run() throws(StoreError) {
    defer { sqlite3_reset(handle) }
    try connection.check(sqlite3_step(handle))
  }

  /// The same with one value that SQLite need not copy: most of what the path writes is an event's body.
  ///
  /// - Parameter place: Of the value; it holds null afterwards.
  func run(lending value: [UInt8], as place: Int32) throws(StoreError) {
    guard value.count > BoundValues.capacity else {
      bind(place, value)
      return try run()
    }
    try value.withUnsafeBufferPointer { (bytes) throws(StoreError) in
      values.forget(place)
      sqlite3_bind_blob64(handle, place, bytes.baseAddress, UInt64(bytes.count), nil)
      defer { bindNull(place) }
      try run()
    }
  }

  /// - Returns: Whether there is a row.
  func step() throws(StoreError) -> Bool {
    let status = sqlite3_step(handle)
    if status == SQLITE_ROW { return true }
    defer { sqlite3_reset(handle) }
    try connection.check(status)
    return false
  }

  /// The first column of a query's only row; nil: there is none, or it is null.
  func firstInteger() throws(StoreError) -> Int64? {
    defer { reset() }
    return try step() ? optionalInteger(0) : nil
  }

  /// Ends a query before its last row.
  func reset() {
    sqlite3_reset(handle)
  }

  /// How much work it has been since the last call: steps of SQLite's virtual machine.
  func takeSteps() -> Int {
    Int(sqlite3_stmt_status(handle, SQLITE_STMTSTATUS_VM_STEP, 1))
  }

  // MARK: Values

  func bind(_ place: Int32, _ value: Int64?) {
    guard let value else { return bindNull(place) }
    guard !values.takes(place, value) else { return }
    took(place, sqlite3_bind_int64(handle, place, value))
  }

  func bind(_ place: Int32, _ value: Int?) {
    bind(place, value.map(Int64.init))
  }

  func bind(_ place: Int32, _ value: String?) {
    guard var value else { return bindNull(place) }
    value.withUTF8 { text in
      guard text.count > BoundValues.capacity else {
        return bindShort(place, .text, UnsafeRawBufferPointer(text))
      }
      values.forget(place)
      _ = text.withMemoryRebound(to: CChar.self) {
        sqlite3_bind_text(handle, place, $0.baseAddress, Int32($0.count), transient)
      }
    }
  }

  func bind(_ place: Int32, _ value: [UInt8]?) {
    guard let value else { return bindNull(place) }
    value.withUnsafeBytes { bytes in
      guard bytes.count > BoundValues.capacity else { return bindShort(place, .blob, bytes) }
      values.forget(place)
      sqlite3_bind_blob64(handle, place, bytes.baseAddress, UInt64(bytes.count), transient)
    }
  }

  /// As 16 bytes, the most significant first.
  func bind(_ place: Int32, _ value: EventID) {
    withUnsafeBytes(of: (value.high.bigEndian, value.low.bigEndian)) { bindShort(place, .blob, $0) }
  }

  /// SQLite is told where our own copy is, which stays there as long as the statement: so it makes none.
  private func bindShort(_ place: Int32, _ kind: BoundValues.Kind, _ bytes: UnsafeRawBufferPointer) {
    guard !values.takes(place, kind, bytes) else { return }
    let copy = UnsafeRawPointer(values.copy(of: place))
    took(
      place,
      kind == .text
        ? sqlite3_bind_text(handle, place, copy.assumingMemoryBound(to: CChar.self), Int32(bytes.count), nil)
        : sqlite3_bind_blob64(handle, place, copy, UInt64(bytes.count), nil))
  }

  private func bindNull(_ place: Int32) {
    guard !values.takesNull(place) else { return }
    took(place, sqlite3_bind_null(handle, place))
  }

  /// - Parameter status: SQLite takes nothing while the statement runs.
  private func took(_ place: Int32, _ status: Int32) {
    if status != SQLITE_OK { values.forget(place) }
  }

  func bind<Table>(_ place: Int32, _ row: RowID<Table>?) { bind(place, row?.rawValue) }

  /// A range: its first at this place, and at the next what comes behind its last.
  func bind(_ place: Int32, _ range: Range<Int64>) {
    bind(place, range.lowerBound)
    bind(place + 1, range.upperBound)
  }

  func bind(_ place: Int32, _ delivery: DeliveryID?) { bind(place, delivery?.rawValue) }

  /// In microseconds, as all times in the database.
  func bind(_ place: Int32, _ time: Timestamp?) { bind(place, time?.microseconds) }

  /// In microseconds.
  func bind(_ place: Int32, _ duration: Duration?) { bind(place, duration?.microseconds) }

  /// As its `bytes`, of which no array is made here.
  func bind(_ place: Int32, _ peer: PeerAddress?) {
    guard let peer, case .v4(let address) = peer.address else { return bind(place, peer?.bytes) }
    let bits = UInt64(address) << 32 | UInt64(peer.port) << 16
    withUnsafeBytes(of: bits.bigEndian) {
      bindShort(place, .blob, UnsafeRawBufferPointer(rebasing: $0[..<6]))
    }
  }

  /// The value of another statement's column, as it stands there.
  func bind(_ place: Int32, _ column: Int32, of other: Statement) {
    values.forget(place)
    sqlite3_bind_value(handle, place, sqlite3_column_value(other.handle, column))
  }

  // MARK: Columns

  var columnCount: Int32 { sqlite3_column_count(handle) }

  var columnNames: [String] {
    (0..<columnCount).map { sqlite3_column_name(handle, $0).map { String(cString: $0) } ?? "" }
  }

  func isNull(_ column: Int32) -> Bool { sqlite3_column_type(handle, column) == SQLITE_NULL }

  func integer(_ column: Int32) -> Int64 { sqlite3_column_int64(handle, column) }

  func optionalInteger(_ column: Int32) -> Int64? { isNull(column) ? nil : integer(column) }

  func row<Table>(_ column: Int32) -> RowID<Table> { RowID(rawValue: integer(column)) }

  func optionalRow<Table>(_ column: Int32) -> RowID<Table>? { optionalInteger(column).map(RowID.init) }

  func deliveryID(_ column: Int32) -> DeliveryID { DeliveryID(rawValue: integer(column)) }

  func time(_ column: Int32) -> Timestamp { Timestamp(microseconds: integer(column)) }

  func optionalTime(_ column: Int32) -> Timestamp? {
    optionalInteger(column).map { Timestamp(microseconds: $0) }
  }

  func optionalDuration(_ column: Int32) -> Duration? {
    optionalInteger(column).map { .microseconds($0) }
  }

  func peer(_ column: Int32) -> PeerAddress? { bytes(column).flatMap(PeerAddress.init(bytes:)) }

  /// A column that is never null.
  func eventID(_ column: Int32) -> EventID { EventID(bytes: bytes(column)!) }

  func text(_ column: Int32) -> String? {
    guard let bytes = sqlite3_column_text(handle, column) else { return nil }
    let count = Int(sqlite3_column_bytes(handle, column))
    return String(decoding: UnsafeBufferPointer(start: bytes, count: count), as: UTF8.self)
  }

  /// The bytes of a text or a blob where they stand, until the next step; none for null.
  func withBytes<Value>(_ column: Int32, _ body: (UnsafeBufferPointer<UInt8>) -> Value) -> Value {
    let value = sqlite3_column_value(handle, column)
    let start = sqlite3_value_blob(value)
    let count = start == nil ? 0 : Int(sqlite3_value_bytes(value))
    return body(UnsafeBufferPointer(start: start?.assumingMemoryBound(to: UInt8.self), count: count))
  }

  func bytes(_ column: Int32) -> [UInt8]? {
    guard !isNull(column) else { return nil }
    guard let start = sqlite3_column_blob(handle, column) else { return [] }
    let count = Int(sqlite3_column_bytes(handle, column))
    return Array(UnsafeRawBufferPointer(start: start, count: count))
  }
}

@available(*, unavailable)
extension Statement: Sendable {}

/// SQLite copies the value before the call returns.
private let transient = unsafeBitCast(-1, to: sqlite3_destructor_type.self)

extension EventID {
  /// 16 bytes, the most significant first.
  init(bytes: [UInt8]) {
    func word(_ bytes: ArraySlice<UInt8>) -> UInt64 { bytes.reduce(0) { $0 << 8 | UInt64($1) } }
    self.init(high: word(bytes[..<8]), low: word(bytes[8...]))
  }
}
