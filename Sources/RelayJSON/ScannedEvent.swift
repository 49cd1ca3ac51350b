/// One event of an envelope.
public struct ScannedEvent: Sendable, Equatable {
  /// The key under `messages`: of kind string.
  public var type: JSONValue
  /// Its place among the items of its type's value, rejected ones included; 0 for a lone object.
  public var index: Int
  /// The exact bytes of the object, from `{` to `}`, nothing around.
  public var body: Range<Int>
  /// Its noted fields: a range of `ScannedEnvelope.fields`, in document order.
  public var fields: Range<Int>

  public init(type: JSONValue, index: Int, body: Range<Int>, fields: Range<Int>) {
    self.type = type
    self.index = index
    self.body = body
    self.fields = fields
  }
}
