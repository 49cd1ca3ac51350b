/// Which deliveries to retry or discard: the body of the request.
public enum SelectionRequest: Sendable, Equatable {
  case ids([Int64])
  /// Names and values as the API has them; none: all that it can be done to.
  case filter([FilterItem])

  public var body: [UInt8] {
    var output = JSONOutput()
    output.object { output in
      switch self {
      case .ids(let ids): output.field("ids", ids)
      case .filter(let items): for item in items { output.field(item.name, item.value) }
      }
    }
    return output.bytes
  }
}

/// One condition of a filter: `destination`, `crm`.
public struct FilterItem: Sendable, Equatable {
  public var name: String
  public var value: String

  public init(_ name: String, _ value: String) {
    self.name = name
    self.value = value
  }
}

extension [FilterItem] {
  /// What follows the `?`.
  public var query: String {
    map { "\($0.name.percentEncoded)=\($0.value.percentEncoded)" }.joined(separator: "&")
  }
}
