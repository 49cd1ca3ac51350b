import RelayText

/// Names of sources, destinations and routes: they stand in logs, metrics, headers and addresses.
enum Names {
  static func isValid(_ name: String) -> Bool {
    (1...64).contains(name.utf8.count)
      && name.utf8.allSatisfy {
        switch $0 {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        default: "_.-".utf8.contains($0)
        }
      }
  }

  static let fault = "is not a name; use 1 to 64 of A-Z a-z 0-9 _ . -"
}

extension Section.Entry {
  /// Whether the key may name a source or destination. Reports it if not.
  func hasValidName() -> Bool {
    guard !Names.isValid(key) else { return true }
    value.reading.report("\(key.quotedForMessage) \(Names.fault)", at: place)
    return false
  }
}

extension String {
  /// Without control characters.
  var isOneLine: Bool { utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F } }
}
