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

/// A Standard Webhooks signing key: the bytes behind `whsec_` and base64.
package struct SigningSecret: Hashable, Sendable {
  package let revealKey: [UInt8]

  package init(key: [UInt8]) {
    revealKey = key
  }

  /// The key sizes that Standard Webhooks allows, in bytes.
  package static let keySizes = 24...64
  package static let prefix = "whsec_"
}

extension SigningSecret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  package var description: String { "[secret]" }
  package var debugDescription: String { description }
  package var customMirror: Mirror { Mirror(reflecting: description) }
}
