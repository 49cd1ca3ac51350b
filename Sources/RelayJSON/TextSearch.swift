/// Finds a text in the values of JSON documents: in strings, by what they say when decoded, and in numbers. Without case,
/// as `String.lowercased()` has it. Keys do not count, nor does what runs from one value into another.
///
/// Each document is folded into memory that is kept: the texts of its values in lower case, one after another. Then the text
/// is looked for there.
package struct TextSearch: Sendable {
  /// Stands in no UTF-8.
  private static let separator: UInt8 = 0xFF

  private let text: [UInt8]
  private var folded: [UInt8] = []

  package init(_ text: String) {
    self.text = Array(text.lowercased().utf8)
  }

  /// - Parameter document: JSON that the scanner has accepted. Of anything else it finds this or that.
  package mutating func isFound(in document: UnsafeBufferPointer<UInt8>) -> Bool {
    // The longest that a text grows by is half: U+023A, two bytes, becomes three.
    let room = document.count * 2 + 64
    if folded.count < room { folded = Array(repeating: 0, count: room * 2) }
    return folded.withUnsafeMutableBytes { output in
      var folding = TextFolding(UnsafeRawBufferPointer(document), into: output.baseAddress!)
      let count = folding.run(separator: Self.separator)
      return text.withUnsafeBytes { Self.find($0, in: UnsafeRawBufferPointer(rebasing: output[..<count])) }
    }
  }

  /// Looks for the first and the last byte at once, sixteen places at a time.
  private static func find(_ text: UnsafeRawBufferPointer, in bytes: UnsafeRawBufferPointer) -> Bool {
    guard let first = text.first, let last = text.last else { return true }
    let end = bytes.count - text.count
    let firsts = SIMD16(repeating: first)
    let lasts = SIMD16(repeating: last)
    var at = 0
    // Both reads stay within the bytes.
    while at + 15 <= end {
      let begins = bytes.loadUnaligned(fromByteOffset: at, as: SIMD16<UInt8>.self) .== firsts
      let ends =
        bytes.loadUnaligned(fromByteOffset: at + text.count - 1, as: SIMD16<UInt8>.self) .== lasts
      if any(begins .& ends) {
        for place in at..<at + 16 where isText(text, at: place, in: bytes) { return true }
      }
      at += 16
    }
    while at <= end {
      if isText(text, at: at, in: bytes) { return true }
      at += 1
    }
    return false
  }

  private static func isText(
    _ text: UnsafeRawBufferPointer, at place: Int, in bytes: UnsafeRawBufferPointer
  ) -> Bool {
    for index in 0..<text.count where bytes[place + index] != text[index] { return false }
    return true
  }
}

/// One pass over one document, which writes the texts of its values in lower case.
private struct TextFolding {
  private let input: UnsafeRawBufferPointer
  private let output: UnsafeMutableRawPointer
  private var at = 0
  private var count = 0

  /// - Parameter output: Has room for twice the document and 64 bytes.
  init(_ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawPointer) {
    self.input = input
    self.output = output
  }

  /// - Returns: How many bytes it has written: each value's, and the separator.
  mutating func run(separator: UInt8) -> Int {
    while at < input.count {
      let byte = input[at]
      let start = count
      if byte == ASCII.quote {
        at += 1
        string()
        if isKey() {
          count = start
          continue
        }
      } else if byte == ASCII.minus || ASCII.isDigit(byte) {
        number()
      } else {
        at += 1
        continue
      }
      append(separator)
    }
    return count
  }

  /// What follows a string says whether it was a key.
  private mutating func isKey() -> Bool {
    while at < input.count, ASCII.isSpace(input[at]) { at += 1 }
    return at < input.count && input[at] == ASCII.colon
  }

  private mutating func number() {
    while at < input.count {
      switch input[at] {
      case UInt8(ascii: "0")...UInt8(ascii: "9"), ASCII.minus, UInt8(ascii: "+"), UInt8(ascii: "."):
        append(input[at])
      case UInt8(ascii: "e"), UInt8(ascii: "E"): append(UInt8(ascii: "e"))
      default: return
      }
      at += 1
    }
  }

  /// From after its opening quote to after its closing one.
  private mutating func string() {
    while at < input.count {
      plainText()
      guard at < input.count else { return }
      let byte = input[at]
      switch byte {
      case ASCII.quote:
        at += 1
        return
      case ASCII.backslash: escape()
      case 0x80...: character()
      default:
        append(LowerCase.ofASCII(byte))
        at += 1
      }
    }
  }

  /// Eight bytes at a time, up to the first that is a quote, a backslash or not ASCII.
  @inline(__always)
  private mutating func plainText() {
    while at + 8 <= input.count {
      let word = UInt64(littleEndian: input.loadUnaligned(fromByteOffset: at, as: UInt64.self))
      let special = Self.special(in: word)
      // What is written beyond the first special byte is written over.
      output.storeBytes(of: LowerCase.ofASCII(word).littleEndian, toByteOffset: count, as: UInt64.self)
      let plain = special.trailingZeroBitCount >> 3
      at += plain
      count += plain
      if special != 0 { return }
    }
  }

  /// The top bit of each byte that is special. Only the lowest that is found is to be trusted.
  @inline(__always)
  private static func special(in word: UInt64) -> UInt64 {
    let ones: UInt64 = 0x0101_0101_0101_0101
    let quotes = word ^ (ones &* UInt64(ASCII.quote))
    let backslashes = word ^ (ones &* UInt64(ASCII.backslash))
    let found = (quotes &- ones) & ~quotes | (backslashes &- ones) & ~backslashes | word
    return found & (ones &* 0x80)
  }

  private mutating func escape() {
    var end = at + 2
    if at + 1 < input.count, input[at + 1] == UInt8(ascii: "u") {
      end = at + 6
      if let unit = codeUnit(at: at) {
        var value = unit
        if (0xD800..<0xDC00).contains(unit), let low = codeUnit(at: at + 6), (0xDC00..<0xE000).contains(low) {
          value = 0x10000 + (unit - 0xD800) << 10 + (low - 0xDC00)
          end = at + 12
        }
        append(Unicode.Scalar(value) ?? "\u{FFFD}")
      }
    } else if at + 1 < input.count {
      append(LowerCase.ofASCII(EscapedText.simple(input[at + 1])))
    }
    at = min(end, input.count)
  }

  /// Nil: there is no `\uXXXX`.
  private func codeUnit(at place: Int) -> UInt32? {
    guard place + 6 <= input.count, input[place] == ASCII.backslash, input[place + 1] == UInt8(ascii: "u")
    else { return nil }
    var unit: UInt32 = 0
    for index in place + 2..<place + 6 {
      guard let digit = ASCII.hexValue(input[index]) else { return nil }
      unit = unit << 4 | UInt32(digit)
    }
    return unit
  }

  /// One that is not ASCII, in UTF-8 that the scanner has accepted.
  private mutating func character() {
    let lead = input[at]
    let length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2
    var value = UInt32(lead & (0x7F >> UInt8(length)))
    for index in at + 1..<min(at + length, input.count) { value = value << 6 | UInt32(input[index] & 0x3F) }
    at = min(at + length, input.count)
    append(Unicode.Scalar(value) ?? "\u{FFFD}")
  }

  private mutating func append(_ byte: UInt8) {
    output.storeBytes(of: byte, toByteOffset: count, as: UInt8.self)
    count += 1
  }

  private mutating func append(_ scalar: Unicode.Scalar) {
    var lower = LowerCase.of(scalar)
    repeat {
      append(UInt8(truncatingIfNeeded: lower))
      lower >>= 8
    } while lower != 0
  }
}

/// The lower case of characters, as UTF-8.
enum LowerCase {
  @inline(__always)
  static func ofASCII(_ byte: UInt8) -> UInt8 {
    byte &- UInt8(ascii: "A") < 26 ? byte | 0x20 : byte
  }

  /// Eight bytes at once: of those that are ASCII.
  @inline(__always)
  static func ofASCII(_ word: UInt64) -> UInt64 {
    let ones: UInt64 = 0x0101_0101_0101_0101
    let sevenBits = word & (ones &* 0x7F)
    let fromA = sevenBits &+ ones &* UInt64(0x80 - UInt8(ascii: "A"))
    let beyondZ = sevenBits &+ ones &* UInt64(0x7F - UInt8(ascii: "Z"))
    return word | ((fromA ^ beyondZ) & ~word & (ones &* 0x80)) >> 2
  }

  /// As `String.lowercased()` has it: the bytes of one character or several, the first in the lowest bits. (No character
  /// but U+0000 has a byte that is 0.)
  static func of(_ scalar: Unicode.Scalar) -> UInt64 {
    if Int(scalar.value) < alphabets.count { return alphabets[Int(scalar.value)] }
    // Asking for the text of every ideogram would take long.
    return scalar.properties.changesWhenLowercased ? mapping(of: scalar) : bytes(of: scalar.utf8)
  }

  /// Up to Armenian: the alphabets that are most in use.
  private static let alphabets = (0..<0x590).map { mapping(of: Unicode.Scalar(UInt32($0))!) }

  private static func mapping(of scalar: Unicode.Scalar) -> UInt64 {
    bytes(of: scalar.properties.lowercaseMapping.utf8)
  }

  private static func bytes(of text: some Sequence<UInt8>) -> UInt64 {
    var bytes: UInt64 = 0
    for (place, byte) in text.enumerated() { bytes |= UInt64(byte) << UInt64(8 * place) }
    return bytes
  }
}

extension Unicode.Scalar {
  fileprivate var utf8: some Sequence<UInt8> { UTF8.encode(self)! }
}
