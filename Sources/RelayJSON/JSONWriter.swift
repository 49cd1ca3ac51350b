/// Writes the little JSON that is not copied from a document.
package enum JSONWriter {
  /// Appends `text` as a JSON string literal, quotes included. Only what must be escaped is: quote, backslash
  /// and control characters below U+0020.
  package static func appendString(_ text: String, to output: inout [UInt8]) {
    output.append(UInt8(ascii: "\""))
    appendContents(text, to: &output)
    output.append(UInt8(ascii: "\""))
  }

  /// The same without the quotes.
  package static func appendContents(_ text: String, to output: inout [UInt8]) {
    var text = text
    text.withUTF8 { bytes in
      // Nearly all text is written as it is.
      if bytes.allSatisfy({ $0 >= 0x20 && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\") }) {
        output.append(contentsOf: bytes)
      } else {
        for byte in bytes { appendEscaped(byte, to: &output) }
      }
    }
  }

  private static func appendEscaped(_ byte: UInt8, to output: inout [UInt8]) {
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"): output.append(contentsOf: [UInt8(ascii: "\\"), byte])
    case 0..<0x20: appendControl(byte, to: &output)
    default: output.append(byte)
    }
  }

  /// Appends a number's decimal digits. (A string made of it first would be thrown away.)
  package static func appendNumber(_ number: Int, to output: inout [UInt8]) {
    // A sign and nineteen digits are the most. (Digits that are put into the array one by one and turned around there cost ten
    // times as much.)
    withUnsafeTemporaryAllocation(byteCount: 20, alignment: 1) { text in
      var (start, rest) = (text.count, number.magnitude)
      repeat {
        start -= 1
        text[start] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
        rest /= 10
      } while rest > 0
      if number < 0 {
        start -= 1
        text[start] = UInt8(ascii: "-")
      }
      output.append(contentsOf: UnsafeRawBufferPointer(rebasing: text[start...]))
    }
  }

  private static func appendControl(_ byte: UInt8, to output: inout [UInt8]) {
    switch byte {
    case 0x08: output.append(contentsOf: "\\b".utf8)
    case 0x09: output.append(contentsOf: "\\t".utf8)
    case 0x0A: output.append(contentsOf: "\\n".utf8)
    case 0x0C: output.append(contentsOf: "\\f".utf8)
    case 0x0D: output.append(contentsOf: "\\r".utf8)
    default:
      output.append(contentsOf: escape(UInt16(byte)).utf8)
    }
  }

  /// `\uXXXX`, in lower-case digits.
  ///
  /// - Parameter unit: Of UTF-16.
  package static func escape(_ unit: UInt16) -> String {
    let digits = String(unit, radix: 16)
    return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
  }
}
