import RelayCore
import RelayPostgresSupport
import Testing

@testable import RelayPostgres

@Suite("Values to the server and back", .needsPostgres, .timeLimit(.minutes(15)))
struct RoundTripTests {
  private let connection: PostgresConnection
  private let bench: WireBench

  init() throws {
    bench = try WireBench()
    connection = try bench.connect()
  }

  /// What comes back of parameters.
  private func row(_ parameters: Parameters) throws -> Row {
    let columns = parameters.types.indices.map { "$\($0 + 1)" }.joined(separator: ", ")
    let echo = Statement(name: "echo", sql: "SELECT \(columns)", types: parameters.types)
    let rows = try connection.run(echo, parameters, within: .patient)
    #expect(rows.count == 1)
    return rows[0]
  }

  @Test func eachTypeComesBack() throws {
    let event = EventID(high: 0x0190_1234_5678_7ABC, low: 0x8123_4567_89AB_CDEF)
    var parameters = Parameters()
    parameters.add(Int64.min)
    parameters.add(Int32.min)
    parameters.add(Int16.min)
    parameters.add(true)
    parameters.add(false)
    parameters.add("né \u{1F642}")
    parameters.add([0, 255, 128] as [UInt8])
    parameters.add(event)
    parameters.add(Timestamp(microseconds: 1_700_000_000_123_456))
    parameters.add(DeliveryID(rawValue: Int64.max))
    parameters.add("")
    parameters.add([] as [UInt8])
    let row = try row(parameters)
    #expect(row.integer(0) == .min)
    #expect(row.int32(1) == .min)
    #expect(row.integer(1) == Int64(Int32.min))
    #expect(row.integer(2) == Int64(Int16.min))
    #expect(row.int32(2) == Int32(Int16.min))
    #expect(row.bool(3) && !row.bool(4))
    #expect(row.text(5) == "né \u{1F642}")
    #expect(row.bytes(6) == [0, 255, 128])
    #expect(row.eventID(7) == event)
    #expect(row.time(8) == Timestamp(microseconds: 1_700_000_000_123_456))
    #expect(row.integer(9) == .max)
    #expect(row.text(10) == "" && !row.isNull(10))
    #expect(row.bytes(11) == [] && !row.isNull(11))
  }

  @Test func theServerUnderstandsThem() throws {
    var parameters = Parameters()
    parameters.add(-3 as Int64)
    parameters.add("né")
    parameters.add([0, 255] as [UInt8])
    parameters.add(EventID(high: 0x0190_1234_5678_7ABC, low: 0x8123_4567_89AB_CDEF))
    parameters.add(array: ["a", nil, "{,}"] as [String?])
    let told = Statement(
      name: "told", sql: "SELECT concat_ws('|', $1::text, length($2), $3::text, $4::text, $5::text)",
      types: parameters.types)
    let row = try connection.run(told, parameters, within: .patient)[0]
    #expect(row.text(0) == #"-3|2|\x00ff|01901234-5678-7abc-8123-456789abcdef|{a,NULL,"{,}"}"#)
  }

  @Test func nullsComeBack() throws {
    var parameters = Parameters()
    parameters.add(nil as Int64?)
    parameters.add(nil as Int32?)
    parameters.add(nil as Int16?)
    parameters.add(nil as Bool?)
    parameters.add(nil as String?)
    parameters.add(nil as [UInt8]?)
    parameters.add(nil as EventID?)
    parameters.add(nil as Timestamp?)
    let row = try row(parameters)
    #expect(parameters.types.indices.allSatisfy { row.isNull($0) })
    #expect(row.optionalInteger(0) == nil)
    #expect(row.optionalInt32(1) == nil)
    #expect(row.optionalBool(3) == nil)
    #expect(row.optionalText(4) == nil)
    #expect(row.optionalBytes(5) == nil)
    #expect(row.optionalEventID(6) == nil)
    #expect(row.optionalTime(7) == nil)
    #expect(row.optionalIntegers(0) == nil)
  }

  /// What `unnest` makes of arrays, row by row.
  @Test func arraysWithNullsComeBack() throws {
    let event = EventID(high: 1, low: 2)
    var parameters = Parameters()
    parameters.add(array: [1, nil, 3] as [Int64?])
    parameters.add(array: [nil, 2, nil] as [Int32?])
    parameters.add(array: [nil, nil, -1] as [Int16?])
    parameters.add(array: [true, nil, false] as [Bool?])
    parameters.add(array: ["x", "", nil] as [String?])
    parameters.add(array: [nil, [], [0, 1]] as [[UInt8]?])
    parameters.add(array: [event, nil, event] as [EventID?])
    parameters.add(array: [Timestamp(microseconds: 9), nil, .distantFuture] as [Timestamp?])
    let columns = parameters.types.indices.map { "$\($0 + 1)" }.joined(separator: ", ")
    let unnest = Statement(
      name: "unnest", sql: "SELECT * FROM unnest(\(columns))", types: parameters.types)
    let rows = try connection.run(unnest, parameters, within: .patient)
    #expect(rows.map { $0.optionalInteger(0) } == [1, nil, 3])
    #expect(rows.map { $0.optionalInt32(1) } == [nil, 2, nil])
    #expect(rows.map { $0.optionalInt32(2) } == [nil, nil, -1])
    #expect(rows.map { $0.optionalBool(3) } == [true, nil, false])
    #expect(rows.map { $0.optionalText(4) } == ["x", "", nil])
    #expect(rows.map { $0.optionalBytes(5) } == [nil, [], [0, 1]])
    #expect(rows.map { $0.optionalEventID(6) } == [event, nil, event])
    #expect(rows.map { $0.optionalTime(7) } == [Timestamp(microseconds: 9), nil, .distantFuture])
  }

  @Test func arraysOfNumbersAreReadWhole() throws {
    var parameters = Parameters()
    parameters.add(array: [Int64.max, -1])
    parameters.add(array: [7, 8] as [Int32])
    parameters.add(array: [9] as [Int16])
    parameters.add(array: [] as [Int32])
    let row = try row(parameters)
    #expect(row.integers(0) == [.max, -1])
    #expect(row.integers(1) == [7, 8])
    #expect(row.integers(2) == [9])
    #expect(row.integers(3) == [])
  }

  @Test func emptyArraysAreArraysWithNothing() throws {
    var parameters = Parameters()
    parameters.add(array: [] as [Int64])
    parameters.add(array: [] as [Bool])
    parameters.add(array: [] as [String?])
    parameters.add(array: [] as [[UInt8]])
    parameters.add(array: [] as [EventID])
    let columns = (1...5).map { "cardinality($\($0)) = 0 AND $\($0) IS NOT NULL" }
    let sizes = Statement(
      name: "sizes", sql: "SELECT \(columns.joined(separator: ", "))", types: parameters.types)
    let row = try connection.run(sizes, parameters, within: .patient)[0]
    #expect((0..<5).allSatisfy { row.bool($0) })
  }

  @Test func aBodyOf16MiBComesBack() throws {
    let size = 16 << 20
    let body = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    var parameters = Parameters()
    parameters.add(body)
    parameters.add(array: [body, [1]])
    let row = try row(parameters)
    #expect(row.bytes(0) == body)
    #expect(row.withBytes(0) { $0.count } == size)
    // The array's head, the two widths, and the bytes.
    #expect(row.withBytes(1) { $0.count } == 20 + 4 + size + 4 + 1)
  }

  @Test func aHundredThousandElementsComeBack() throws {
    let numbers = (0..<100_000).map { Int64($0) * 1_000_003 }
    var parameters = Parameters()
    parameters.add(array: numbers)
    parameters.add(array: numbers.lazy.map { "item \($0)" })
    let unnest = Statement(
      name: "unnest", sql: "SELECT * FROM unnest($1, $2)", types: [.int8Array, .textArray])
    let rows = try connection.run(unnest, parameters, within: .patient)
    #expect(rows.count == 100_000)
    #expect(rows.affected == 100_000)
    #expect(rows.map { $0.integer(0) } == numbers)
    #expect(rows[99_999].text(1) == "item \(numbers[99_999])")
  }

  @Test func rowsOutliveTheConnection() throws {
    let statement = Statement(name: "two", sql: "SELECT 'a'::text AS first, 1::int8 AS second")
    let rows = try connection.run(statement, within: .patient)
    connection.close()
    #expect(rows.columnNames == ["first", "second"])
    #expect(rows.first?.text(0) == "a")
    #expect(rows[0].integer(1) == 1)
  }
}
