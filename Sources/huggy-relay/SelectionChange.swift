import ArgumentParser
import Foundation
import RelayAdmin

/// Retries or discards what was selected: counts it first and asks, where a person is at a terminal.
struct SelectionChange {
  /// `retry` or `discard`: of the API's path, and what a person is asked.
  let verb: String
  /// `retried`, `discarded`.
  let done: String
  let selection: SelectionOptions
  let options: AdminOptions
  let text: (ChangedAnswer, _ asked: Int?) -> String

  func run(_ request: SelectionRequest) throws {
    let client = options.client()
    let path = "/api/v1/deliveries/\(verb)"
    if request.isDryRun {
      let json = try client.post(path, body: request.body)
      return try options.show(json) { _ in
        ChangeText.wouldBe(done, try client.decode(DryRunAnswer.self, from: json))
      }
    }
    if !selection.yes, Self.isAtTerminal { try ask(request, client, path) }
    let json = try client.post(path, body: request.body)
    try options.show(json) { _ in text(try client.decode(ChangedAnswer.self, from: json), selection.asked) }
  }

  /// - Throws: `ExitCode`: the answer was no.
  private func ask(_ request: SelectionRequest, _ client: AdminClient, _ path: String) throws {
    var count = request
    count.isDryRun = true
    let answer = try client.decode(DryRunAnswer.self, from: try client.post(path, body: count.body))
    guard let question = ChangeText.question(verb, answer) else { return }
    FileHandle.standardError.write(Data(question.utf8))
    guard ChangeText.isYes(readLine()) else {
      printError("nothing was changed")
      throw ExitCode.failure
    }
  }

  private static var isAtTerminal: Bool { isatty(STDIN_FILENO) == 1 && isatty(STDERR_FILENO) == 1 }
}
