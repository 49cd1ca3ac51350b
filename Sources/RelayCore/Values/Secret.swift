/// A value that no log, error or dump may show. To use it, say `reveal`.
///
/// Two are compared in a time that says nothing of where they differ.
///
/// Its bytes lie in one place, however often the value is copied, and are overwritten when the last copy goes: after a reload what it replaced does not
/// stay in memory that somebody else gets. That is all that can be had: who makes one has the text from somewhere (the file's contents, the
/// environment), `reveal` makes a text anew, and what is done with that (a header line of libcurl's, a parameter of the database) has copies
/// of its own, which Swift and those libraries give back as they are. While a secret is in use, whoever reads the process's memory finds it.
package struct Secret: Hashable, Sendable {
  private let kept: WipedBytes

  package init(_ value: String) {
    var value = value
    kept = value.withUTF8 { WipedBytes($0) }
  }

  /// A text that is the caller's, and is not overwritten.
  package var reveal: String { String(decoding: kept.bytes, as: UTF8.self) }

  package var isEmpty: Bool { kept.bytes.isEmpty }

  /// Whether somebody has said it, in a time that says nothing of how much of it is right.
  package func isSame(as text: String) -> Bool {
    var text = text
    return text.withUTF8 { kept.isEqual(to: $0) }
  }
}

extension Secret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  package var description: String { "[secret]" }
  package var debugDescription: String { description }
  package var customMirror: Mirror { Mirror(reflecting: description) }
}
