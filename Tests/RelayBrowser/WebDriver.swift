import Foundation
import RelayCurl

/// One session of a browser, asked by W3C WebDriver (https://www.w3.org/TR/webdriver2/) as chromedriver speaks it.
final class WebDriver {
  /// What an element is called in answers.
  static let elementKey = "element-6066-11e4-a52e-4f735466cecf"

  /// What the driver answered instead of what it was asked for: the standard's word for it, such as `stale element reference`.
  struct Refusal: Error, CustomStringConvertible {
    let code: String
    let message: String

    var description: String { "\(code): \(message)" }
  }

  private let driver: ChromeDriver
  private let client = BlockingClient(maxAnswerBytes: 256 << 20)
  private var session = ""

  /// - Parameter capabilities: Of `alwaysMatch`.
  init(_ driver: ChromeDriver, capabilities: [String: Any]) throws {
    self.driver = driver
    let answer = try exchange(
      "POST", "/session", ["capabilities": ["alwaysMatch": capabilities]], within: .seconds(60))
    guard let id = (answer as? [String: Any])?["sessionId"] as? String else {
      throw BrowserProblem("chromedriver gave no session")
    }
    session = id
  }

  func end() {
    guard !session.isEmpty else { return }
    _ = try? exchange("DELETE", "/session/\(session)", nil, within: .seconds(20))
    session = ""
  }

  @discardableResult
  func post(_ command: String, _ parameters: [String: Any] = [:]) throws -> Any {
    try exchange("POST", "/session/\(session)/\(command)", parameters, within: .seconds(60))
  }

  func get(_ command: String) throws -> Any {
    try exchange("GET", "/session/\(session)/\(command)", nil, within: .seconds(60))
  }

  /// A command of Chromium's own protocol (https://chromedevtools.github.io/devtools-protocol/).
  @discardableResult
  func devtools(_ command: String, _ parameters: [String: Any] = [:]) throws -> Any {
    try post("goog/cdp/execute", ["cmd": command, "params": parameters])
  }

  private func exchange(
    _ method: String, _ path: String, _ parameters: [String: Any]?, within limit: Duration
  ) throws -> Any {
    let body = try parameters.map { Array(try JSONSerialization.data(withJSONObject: $0)) }
    let answer = try client.send(
      method: method, url: driver.url + path, headers: ["content-type: application/json"], body: body,
      timeout: limit)
    let json = try JSONSerialization.jsonObject(with: Data(answer.body), options: [.fragmentsAllowed])
    let value = (json as? [String: Any])?["value"] ?? NSNull()
    guard answer.status == 200 else {
      let problem = value as? [String: Any]
      throw Refusal(
        code: problem?["error"] as? String ?? "status \(answer.status)",
        message: (problem?["message"] as? String ?? "").split(separator: "\n").first.map(String.init) ?? "")
    }
    return value
  }
}
