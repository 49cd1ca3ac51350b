/// A link to a file in an event's bytes.
package struct FoundLink: Sendable, Equatable {
  /// Offsets of what stands between the string's quotes.
  package var range: Range<Int>
  /// Decoded from its JSON escapes; begins with `http://` or `https://`, in any case.
  package var url: String

  package init(range: Range<Int>, url: String) {
    self.range = range
    self.url = url
  }
}
