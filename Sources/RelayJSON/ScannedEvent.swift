/// One event of an envelope.
package struct ScannedEvent: Sendable, Equatable {
  /// The key under `messages`: of kind string.
  package var type: JSONValue
  /// Its place among the items of its type's value, rejected ones included; 0 for a lone object.
  package var index: Int
  /// The exact bytes of the object, from `{` to `}`, nothing around.
  package var body: Range<Int>
  /// Its noted fields: a range of `ScannedEnvelope.fields`, in document order.
  package var fields: Range<Int>

  package init(type: JSONValue, index: Int, body: Range<Int>, fields: Range<Int>) {
    self.type = type
    self.index = index
    self.body = body
    self.fields = fields
  }
}
