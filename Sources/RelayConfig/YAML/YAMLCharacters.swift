/// The characters of YAML (1.1, section 5.1), without the line breaks that no editor shows: to the composer
/// they end lines, to a reader they don't.
enum YAMLCharacters {
  struct Forbidden: Equatable {
    var line: Int
    var column: Int
    /// As `U+0007`.
    var name: String
  }

  static func firstForbidden(in text: String) -> Forbidden? {
    var (line, column) = (1, 1)
    for scalar in text.unicodeScalars {
      switch scalar.value {
      case 0x0A: (line, column) = (line + 1, 1)
      case 0x2028, 0x2029: return forbidden(scalar, line: line, column: column)
      case 0x09, 0x0D, 0x20...0x7E, 0xA0...0xD7FF, 0xE000...0xFEFE, 0xFF00...0xFFFD, 0x10000...: column += 1
      default: return forbidden(scalar, line: line, column: column)
      }
    }
    return nil
  }

  private static func forbidden(_ scalar: UnicodeScalar, line: Int, column: Int) -> Forbidden {
    let digits = String(scalar.value, radix: 16, uppercase: true)
    let zeros = String(repeating: "0", count: max(0, 4 - digits.count))
    return Forbidden(line: line, column: column, name: "U+\(zeros)\(digits)")
  }
}
