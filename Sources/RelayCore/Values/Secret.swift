/// A value that no log, error or dump may show. To use it, say `reveal`.
public struct Secret: Hashable, Sendable {
  public let reveal: String

  public init(_ value: String) {
    reveal = value
  }
}

extension Secret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  public var description: String { "[secret]" }
  public var debugDescription: String { description }
  public var customMirror: Mirror { Mirror(reflecting: description) }
}

/// A Standard Webhooks signing key: the bytes behind `whsec_` and base64.
public struct SigningSecret: Hashable, Sendable {
  public let revealKey: [UInt8]

  public init(key: [UInt8]) {
    revealKey = key
  }

  /// The key sizes that Standard Webhooks allows, in bytes.
  public static let keySizes = 24...64
  public static let prefix = "whsec_"
}

extension SigningSecret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  public var description: String { "[secret]" }
  public var debugDescription: String { description }
  public var customMirror: Mirror { Mirror(reflecting: description) }
}
