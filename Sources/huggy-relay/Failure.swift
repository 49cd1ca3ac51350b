import Foundation
import RelayAdmin

/// Why a command failed, on standard error: lines, or with `--json` an object as the API's. Standard output is for
/// results alone.
struct Failure: Error {
  /// `unreachable`, `usage`, what a command has of its own, or one of the API's.
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
    FileHandle.standardError.write(Data(line))
  }
}
