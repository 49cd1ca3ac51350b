import Foundation
import RelayAdmin

/// Why a command failed: lines on standard error, or with `--json` an object on standard output, as the API's.
struct Failure {
  /// `unreachable`, `usage`, or one of the API's.
  var code: String
  var message: String
  /// Of a wrong configuration: each error with its place.
  var errors: [String] = []

  func tell(json: Bool) {
    guard json else {
      // Each error says what is wrong by itself.
      for line in errors.isEmpty ? [message] : errors { printError(line) }
      return
    }
    let line = ErrorAnswer.json(code: code, message: message, errors: errors) + Array("\n".utf8)
    FileHandle.standardOutput.write(Data(line))
  }
}
