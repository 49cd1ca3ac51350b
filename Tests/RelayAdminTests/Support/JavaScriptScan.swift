/// As much of JavaScript's grammar as is needed to find texts that go over several lines.
struct JavaScriptScan {
  private enum Place {
    case code
    /// Within `${…}`, with how many braces are open in it.
    case inserted(braces: Int)
    /// Between backticks.
    case template
  }

  /// The lines, from 1, on which a text between backticks goes on into the next.
  static func linesOfLongTexts(in source: [UInt8]) -> [Int] {
    var (places, line, found, index): ([Place], Int, [Int], Int) = ([.code], 1, [], 0)
    /// The last sign that was no blank: what a `/` after it begins.
    var last = UInt8(ascii: ";")
    func sign(_ offset: Int = 0) -> UInt8 { index + offset < source.count ? source[index + offset] : 0 }
    /// Goes on behind the next `end` that is not escaped, and not in brackets where it is an expression's.
    func skip(to end: UInt8, classes: Bool = false) {
      var isInClass = false
      index += 1
      while index < source.count, sign() != UInt8(ascii: "\n"), sign() != end || isInClass {
        if classes, sign() == UInt8(ascii: "[") { isInClass = true }
        if sign() == UInt8(ascii: "]") { isInClass = false }
        index += sign() == UInt8(ascii: "\\") ? 2 : 1
      }
    }
    while index < source.count {
      if sign() == UInt8(ascii: "\n") { line += 1 }
      if case .template = places.last! {
        switch sign() {
        case UInt8(ascii: "\n"): found.append(line - 1)
        case UInt8(ascii: "\\"): index += 1
        case UInt8(ascii: "`"): places.removeLast()
        case UInt8(ascii: "$") where sign(1) == UInt8(ascii: "{"):
          places.append(.inserted(braces: 0))
          (index, last) = (index + 1, UInt8(ascii: "{"))
        default: break
        }
        index += 1
        continue
      }
      let now = sign()
      switch now {
      case UInt8(ascii: "`"): places.append(.template)
      case UInt8(ascii: "\""), UInt8(ascii: "'"): skip(to: now)
      case UInt8(ascii: "/") where sign(1) == UInt8(ascii: "/"):
        while index + 1 < source.count, sign(1) != UInt8(ascii: "\n") { index += 1 }
      case UInt8(ascii: "/") where "(,=:[!&|?{};".utf8.contains(last): skip(to: now, classes: true)
      case UInt8(ascii: "{"), UInt8(ascii: "}"):
        if case .inserted(let braces) = places.last! {
          let left = braces + (now == UInt8(ascii: "{") ? 1 : -1)
          places[places.count - 1] = .inserted(braces: left)
          if left < 0 { places.removeLast() }
        }
      default: break
      }
      if now != UInt8(ascii: " "), now != UInt8(ascii: "\n") { last = now }
      index += 1
    }
    return found
  }
}
