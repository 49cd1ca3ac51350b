/// A value that no log, error or dump may show. To use it, say `reveal`.
package struct Secret: Hashable, Sendable {
  package let reveal: String

  package init(_ value: String) {
    reveal = value
  }
}

extension Secret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  package var description: String { "[secret]" }
  package var debugDescription: String { description }
  package var customMirror: Mirror { Mirror(reflecting: description) }
}
