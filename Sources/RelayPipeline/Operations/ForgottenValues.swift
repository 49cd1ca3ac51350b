import RelayCore
import RelayJSON

/// What an erasure was asked for (a phone number, a name), looked for in what people have left by looking for it themselves: the
/// filters of the audit and of replays, and their reasons. Decides; `Erasures` writes.
///
/// A filter is about the person if it holds the value, or more than half of it: `text=999990000` is, `text=5575` (an area) is
/// not.
struct ForgottenValues: Sendable {
  /// What stands where it stood.
  static let word = "[erased]"
  /// A shorter value is found only where it stands alone: `7` is in every other number.
  private static let shortest = 4

  private let values: [String]

  init(_ conditions: [BodyCondition]) {
    values = conditions.compactMap { condition in
      switch condition {
      case .contains(let text): text
      case .field(_, .text(let pattern)): pattern.literal ?? pattern.source
      case .field(_, .null): nil
      }
    }.map { $0.lowercased() }
  }

  var isEmpty: Bool { values.isEmpty }

  // MARK: Filters

  func concerns(_ condition: BodyCondition) -> Bool {
    switch condition {
    case .contains(let text): isNamed(by: text.lowercased())
    case .field(_, .text(let pattern)):
      isNamed(by: (pattern.literal ?? pattern.source.filter { $0 != "*" && $0 != "?" }).lowercased())
    case .field(_, .null): false
    }
  }

  private func isNamed(by text: String) -> Bool {
    values.contains { value in
      if text == value { return true }
      guard value.count >= Self.shortest else { return false }
      return text.contains(value) || (value.contains(text) && text.count * 2 > value.count)
    }
  }

  /// A replay's plan, as the store keeps it.
  ///
  /// - Returns: What is to be kept instead; nil: it is not about the person.
  func plan(_ text: String) -> String? {
    guard var plan = ReplayPlan(text: text), let condition = plan.events.text, concerns(condition) else {
      return nil
    }
    plan.events.text = .contains(Self.word)
    return plan.text
  }

  /// What an entry of the audit says it was done to: names, and what was asked for as JSON. Only its `text` is about contents.
  ///
  /// - Returns: What is to be kept instead; nil: it is not about the person.
  func target(_ text: String) -> String? {
    let bytes = Array(text.utf8)
    guard let key = bytes.firstRange(of: Self.key) else { return nil }
    // Within a text of somebody's a quote stands behind a backslash: so this one is a key, and the next bare one is its value's end.
    var end = key.upperBound
    while end < bytes.count, bytes[end] != UInt8(ascii: "\"") {
      end += bytes[end] == UInt8(ascii: "\\") ? 2 : 1
    }
    end = min(end, bytes.count)
    guard let condition = BodyCondition(Self.decoded(bytes[key.upperBound..<end])), concerns(condition) else {
      return nil
    }
    return String(decoding: bytes[..<key.upperBound] + Array(Self.word.utf8) + bytes[end...], as: UTF8.self)
  }

  private static let key = Array(#""text":""#.utf8)

  /// - Parameter spelling: What stands between the quotes; a long one may have been cut, also within an escape.
  private static func decoded(_ spelling: ArraySlice<UInt8>) -> String {
    let spelling = Array(spelling)
    return JSONValue(kind: .string, range: 0..<spelling.count, hasEscapes: true).text(in: spelling)
  }

  // MARK: Words

  /// Why something was done, in somebody's words.
  ///
  /// - Returns: What is to be kept instead; nil: it does not hold a value.
  func reason(_ text: String?) -> String? {
    guard let text else { return nil }
    var characters = Array(text)
    var isChanged = false
    for value in values.map(Array.init) where value.count >= Self.shortest {
      var place = 0
      while place + value.count <= characters.count {
        let end = place + value.count
        let isHere =
          zip(characters[place..<end], value).allSatisfy { $0.lowercased() == String($1) }
          && !(place > 0 && characters[place - 1].isPartOfWord)
          && !(end < characters.count && characters[end].isPartOfWord)
        if isHere {
          characters.replaceSubrange(place..<end, with: Self.word)
          place += Self.word.count
          isChanged = true
        } else {
          place += 1
        }
      }
    }
    return isChanged ? String(characters) : nil
  }
}

extension Character {
  fileprivate var isPartOfWord: Bool { isLetter || isNumber }
}

extension ErasureRequest {
  var forgotten: ForgottenValues { ForgottenValues(conditions) }
}
