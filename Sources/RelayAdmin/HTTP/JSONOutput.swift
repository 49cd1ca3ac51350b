import RelayCore
import RelayJSON

/// Writes JSON in the order that it is told: an answer reads as the documentation does, and an event's bytes
/// come out as they came.
struct JSONOutput {
  private(set) var bytes: [UInt8] = []
  /// A value stands before this place in the same object or array.
  private var needsComma = false

  mutating func object(_ content: (inout JSONOutput) -> Void) { enclose("{", "}", content) }

  mutating func array(_ content: (inout JSONOutput) -> Void) { enclose("[", "]", content) }

  private mutating func enclose(
    _ open: Unicode.Scalar, _ close: Unicode.Scalar, _ content: (inout JSONOutput) -> Void
  ) {
    beginValue()
    bytes.append(UInt8(ascii: open))
    needsComma = false
    content(&self)
    bytes.append(UInt8(ascii: close))
    needsComma = true
  }

  mutating func key(_ name: String) {
    beginValue()
    JSONWriter.appendString(name, to: &bytes)
    bytes.append(UInt8(ascii: ":"))
    needsComma = false
  }

  mutating func field(_ name: String, _ value: some JSONWritable) {
    key(name)
    value.write(to: &self)
  }

  mutating func string(_ text: String) {
    beginValue()
    JSONWriter.appendString(text, to: &bytes)
    needsComma = true
  }

  /// What is JSON already.
  mutating func raw(_ json: some Sequence<UInt8>) {
    beginValue()
    bytes.append(contentsOf: json)
    needsComma = true
  }

  private mutating func beginValue() {
    if needsComma { bytes.append(UInt8(ascii: ",")) }
  }
}

protocol JSONWritable {
  func write(to output: inout JSONOutput)
}

extension String: JSONWritable {
  func write(to output: inout JSONOutput) { output.string(self) }
}

extension Bool: JSONWritable {
  func write(to output: inout JSONOutput) { output.raw((self ? "true" : "false").utf8) }
}

extension Int: JSONWritable {
  func write(to output: inout JSONOutput) { output.raw(String(self).utf8) }
}

extension Int64: JSONWritable {
  func write(to output: inout JSONOutput) { output.raw(String(self).utf8) }
}

extension Double: JSONWritable {
  /// Whole numbers without a fraction. Finite ones only: JSON has no others.
  func write(to output: inout JSONOutput) {
    output.raw((abs(self) < 1e15 && self == rounded() ? String(Int64(self)) : String(self)).utf8)
  }
}

extension Timestamp: JSONWritable {
  func write(to output: inout JSONOutput) { output.string(description) }
}

extension Optional: JSONWritable where Wrapped: JSONWritable {
  /// What is missing is null, not left out.
  func write(to output: inout JSONOutput) {
    if let self { self.write(to: &output) } else { output.raw("null".utf8) }
  }
}

extension Array: JSONWritable where Element: JSONWritable {
  func write(to output: inout JSONOutput) {
    output.array { output in for item in self { item.write(to: &output) } }
  }
}
