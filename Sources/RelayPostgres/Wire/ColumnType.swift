/// A type of PostgreSQL's own that parameters and columns have here. Its raw value is its number (oid), which is the same in every database.
enum ColumnType: UInt32, Hashable, Sendable {
  case bool = 16
  case bytea = 17
  case int8 = 20
  case int2 = 21
  case int4 = 23
  case text = 25
  case uuid = 2950

  case boolArray = 1000
  case byteaArray = 1001
  case int2Array = 1005
  case int4Array = 1007
  case textArray = 1009
  case int8Array = 1016
  case uuidArray = 2951

  /// The type of arrays of it. Those of arrays are arrays themselves: PostgreSQL has one type for all dimensions.
  var array: ColumnType {
    switch self {
    case .bool, .boolArray: .boolArray
    case .bytea, .byteaArray: .byteaArray
    case .int8, .int8Array: .int8Array
    case .int2, .int2Array: .int2Array
    case .int4, .int4Array: .int4Array
    case .text, .textArray: .textArray
    case .uuid, .uuidArray: .uuidArray
    }
  }
}
