import ArgumentParser
import Glibc
import RelayAdmin

/// Whoever sits at the terminal, and is asked before something is done.
enum Person {
  /// Somebody can be asked, and sees the question.
  static var isThere: Bool { isatty(STDIN_FILENO) == 1 && StandardStream.error.isTerminal }

  /// Asks, and goes on only after a yes.
  ///
  /// - Parameter otherwise: What is said after anything else.
  /// - Throws: `ExitCode`: the answer was no.
  static func mustAgree(to question: String, otherwise: String) throws {
    StandardStream.error.write(question)
    guard ChangeText.isYes(readLine()) else {
      printError(otherwise)
      throw ExitCode.failure
    }
  }
}
