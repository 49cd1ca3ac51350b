import ArgumentParser
import RelayAdmin

/// Why a command failed, on standard error: lines, or with `--json` an object as the API's. Standard output is for
/// results alone.
struct Failure: Error {
  /// `unreachable`, `usage`, what a command has of its own, or one of the API's.
  var code: String
  var message: String
  /// The errors of a wrong configuration, each with its location.
  var errors: [String] = []

  func tell(json: Bool) {
    guard json else {
      // Each error says what is wrong by itself.
      for line in errors.isEmpty ? [message] : errors { printError(line) }
      return
    }
    let line = ErrorAnswer.json(code: code, message: message, errors: errors) + Array("\n".utf8)
    StandardStream.error.write(line)
  }
}

extension ExitCode {
  /// The relay's admin API can't be reached (`EX_UNAVAILABLE`).
  static let unreachable = ExitCode(69)
  /// The configuration is wrong (`EX_CONFIG`).
  static let wrongConfiguration = ExitCode(78)
}

func printError(_ line: String) {
  StandardStream.error.write(line + "\n")
}
