/// The values of one execution of a statement, in order, in PostgreSQL's binary form and one buffer.
///
/// What is added is copied here once; libpq copies it once more into what it sends.
struct Parameters {
  /// Of each value. A statement takes no others than it was declared with.
  private(set) var types: [ColumnType] = []
  private var places: [Place] = []
  private var buffer: WireBuffer

  /// Where a value stands in the buffer; nil: it is null.
  private struct Place {
    var range: Range<Int>?
  }

  /// - Parameter capacity: Of the buffer, in bytes: what is known of it spares it growing.
  init(capacity: Int = 256) {
    buffer = WireBuffer(capacity: capacity)
  }

  mutating func add<Value: WireValue>(_ value: Value?) {
    guard let value else { return took(Value.columnType, nil) }
    own()
    let start = buffer.count
    let width = value.width
    value.write(to: buffer.next(width))
    took(Value.columnType, start..<start + width)
  }

  /// Adds an array of one dimension; it is walked through once.
  mutating func add<Value: WireValue>(array: some Collection<Value>) {
    add(elementsOf: array) { $0 }
  }

  /// The same with elements that may be null.
  mutating func add<Value: WireValue>(array: some Collection<Value?>) {
    add(elementsOf: array) { $0 }
  }

  /// An array: dimensions, whether nulls are in it, the elements' type, count, first index; then each element's width (-1: null) and bytes.
  /// An empty one has no dimension, and ends after the type.
  @inline(__always)
  private mutating func add<Elements: Collection, Value: WireValue>(
    elementsOf array: Elements, _ value: (Elements.Element) -> Value?
  ) {
    own()
    let start = buffer.count
    buffer.reserve(20 + 12 * array.underestimatedCount)
    buffer.append(1)
    buffer.append(0)
    buffer.append(Int32(bitPattern: Value.columnType.rawValue))
    buffer.append(0)
    buffer.append(1)
    var count: Int32 = 0
    var hasNull = false
    for element in array {
      if let value = value(element) {
        let width = value.width
        buffer.reserve(4 + width)
        // One that does not fit is never sent: the pipeline refuses it.
        buffer.append(Int32(truncatingIfNeeded: width))
        value.write(to: buffer.next(width))
      } else {
        buffer.append(-1)
        hasNull = true
      }
      count += 1
    }
    buffer.set(hasNull ? 1 : 0, at: start + 4)
    buffer.set(count, at: start + 12)
    let end = count > 0 ? buffer.count : start + 12
    if count == 0 { buffer.set(0, at: start) }
    took(Value.columnType.array, start..<end)
  }

  /// The least and the highest of them: with these a statement says in which tables of days they can be. Null where there are none.
  mutating func add<Value: WireValue & Comparable>(boundsOf values: some Sequence<Value>) {
    var bounds: (least: Value, highest: Value)?
    for value in values {
      bounds = bounds.map { (min($0.least, value), max($0.highest, value)) } ?? (value, value)
    }
    add(bounds?.least)
    add(bounds?.highest)
  }

  /// What all values take.
  var byteCount: Int { buffer.count }

  private mutating func took(_ type: ColumnType, _ range: Range<Int>?) {
    types.append(type)
    places.append(Place(range: range))
  }

  /// Before each change: a copy of this value has the same buffer.
  private mutating func own() {
    if !isKnownUniquelyReferenced(&buffer) { buffer = buffer.copy() }
  }

  /// Lends the values as libpq takes them: where each stands (nil: null), how long it is, and that it is binary.
  func withPointers<Result>(
    _ body: (
      _ values: UnsafePointer<UnsafePointer<CChar>?>, _ lengths: UnsafePointer<Int32>,
      _ formats: UnsafePointer<Int32>
    ) -> Result
  ) -> Result {
    let values = places.map { place in
      place.range.map { UnsafePointer((buffer.start + $0.lowerBound).assumingMemoryBound(to: CChar.self)) }
    }
    let lengths = places.map { Int32(truncatingIfNeeded: $0.range?.count ?? 0) }
    let formats = [Int32](repeating: 1, count: places.count)
    return withExtendedLifetime(buffer) { body(values, lengths, formats) }
  }
}
