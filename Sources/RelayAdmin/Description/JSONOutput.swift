import RelayCore
import RelayJSON

/// Writes JSON in the order that it is told: an answer reads as the documentation does, and an event's bytes
/// come out as they came.
struct JSONOutput {
  private(set) var bytes: [UInt8] = []
  /// A value stands before this place in the same object or array.
  private var needsComma = false

  mutating func object(_ content: (inout JSONOutput) -> Void) {
    open("{")
    content(&self)
    close("}")
  }

  mutating func array(_ content: (inout JSONOutput) -> Void) {
    open("[")
    content(&self)
    close("]")
  }

  mutating func open(_ bracket: Unicode.Scalar) {
    beginValue()
    bytes.append(UInt8(ascii: bracket))
    needsComma = false
  }

  mutating func close(_ bracket: Unicode.Scalar) {
    bytes.append(UInt8(ascii: bracket))
    needsComma = true
  }

  mutating func key(_ name: String) {
    beginValue()
    JSONWriter.appendString(name, to: &bytes)
    bytes.append(UInt8(ascii: ":"))
    needsComma = false
  }

  /// A property's name, `inFlight` as `"in_flight":`.
  mutating func key(ofProperty name: String) {
    beginValue()
    bytes.append(UInt8(ascii: "\""))
    for byte in name.utf8 {
      if (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) {
        bytes.append(UInt8(ascii: "_"))
        bytes.append(byte | 0x20)
      } else {
        bytes.append(byte)
      }
    }
    bytes.append(contentsOf: "\":".utf8)
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

/// A value that is written as it is, without being taken apart.
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

extension RawJSON: JSONWritable {
  func write(to output: inout JSONOutput) { output.raw(bytes) }
}

extension Array: JSONWritable where Element: JSONWritable {
  func write(to output: inout JSONOutput) {
    output.array { output in for item in self { item.write(to: &output) } }
  }
}
