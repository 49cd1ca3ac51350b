/// What is wrong with a value, as the rest of a sentence that begins with the value:
/// `is not a duration; write …`. It never quotes the value.
struct Fault: Error {
  var message: String
  /// The message is a sentence of its own, and does not speak of the value.
  var isWhole = false

  init(_ message: String) {
    self.message = message
  }

  /// The value is one of a later version.
  static func notYet(_ feature: String) -> Fault {
    var fault = Fault(LaterKeys.message(feature))
    fault.isWhole = true
    return fault
  }
}
