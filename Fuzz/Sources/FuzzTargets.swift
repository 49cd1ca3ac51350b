/// What can be fuzzed. A target's check takes one input, and traps where what must hold does not.
enum FuzzTargets {
  typealias Check = (UnsafeBufferPointer<UInt8>) -> Void

  static var all: [(name: String, makeCheck: () -> Check)] {
    [
      ("scanner", ScannerTarget.makeCheck), ("routing", RoutingTarget.makeCheck),
      ("yaml", YAMLTarget.makeCheck), ("retry-after", RetryAfterTarget.makeCheck),
      ("ingest", IngestTarget.makeCheck), ("admin", AdminTarget.makeCheck),
      ("cloudevent", CloudEventTarget.makeCheck), ("proxy-header", ProxyHeaderTarget.makeCheck),
      ("forwarded", ForwardedTarget.makeCheck),
    ]
  }
}

/// Traps where something does not hold: libFuzzer then keeps the input.
func require(
  _ condition: Bool, _ message: @autoclosure () -> String, file: StaticString = #file, line: UInt = #line
) {
  if !condition { fatalError(message(), file: file, line: line) }
}

/// Traps where two ways to the same do not lead there.
func requireSame<Value: Equatable>(
  _ one: Value, _ other: Value, _ what: @autoclosure () -> String, file: StaticString = #file,
  line: UInt = #line
) {
  if one != other { fatalError("\(what()):\n\(one)\n\(other)", file: file, line: line) }
}
