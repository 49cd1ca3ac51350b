import Foundation
import RelayThreads

/// Where this machine's Chromium and its driver are.
package enum Chromium {
  /// Someone says that they have to be there (`.ci/run` does): where they are missing, tests fail instead of being passed over.
  package static let isRequired = ProcessInfo.processInfo.environment["HUGGY_RELAY_NEEDS_CHROMIUM"] == "1"

  /// Whether tests that need a browser can run, or have to.
  package static let isThere = isRequired || (driver != nil && browser != nil)

  package static let missing: String =
    "there is no chromium, or no chromedriver, on the PATH: `make setup-browser` installs Debian's"

  static let driver = find("chromedriver")
  static let browser = find("chromium") ?? find("google-chrome")

  private static func find(_ name: String) -> String? {
    (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map { "\($0)/\(name)" }
      .first { FileManager.default.isExecutableFile(atPath: $0) }
  }
}

/// A running `chromedriver`, which ends with this value.
final class ChromeDriver {
  private let process = Process()
  private let output = Pipe()
  /// `http://127.0.0.1:PORT`.
  let url: String

  init() throws {
    guard let driver = Chromium.driver else { throw BrowserProblem(Chromium.missing) }
    process.executableURL = URL(fileURLWithPath: driver)
    // It chooses a port, and says which.
    process.arguments = ["--port=0", "--log-level=SEVERE"]
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    try process.run()
    let port = Monitor<Int?>(nil)
    let reading = output.fileHandleForReading
    _ = WorkerThread.start(name: "chromedriver") {
      var text = ""
      while case let data = reading.availableData, !data.isEmpty {
        text += String(decoding: data, as: UTF8.self)
        guard let mark = text.range(of: "successfully on port ") else { continue }
        let digits = text[mark.upperBound...].prefix { $0.isNumber }
        if let number = Int(digits), text[mark.upperBound...].count > digits.count {
          port.update { $0 = number }
        }
      }
    }
    guard let number = port.wait(timeout: .seconds(120), until: { $0 }) else {
      kill(process.processIdentifier, SIGKILL)
      throw BrowserProblem("chromedriver did not start within two minutes")
    }
    url = "http://127.0.0.1:\(number)"
  }

  /// Its browser has gone. It would not heed SIGTERM: the thread that started it blocks that, and so does it.
  func end() {
    if process.isRunning { kill(process.processIdentifier, SIGKILL) }
  }
}

/// The browser did not do what it was asked, or a page is not as it should be.
package struct BrowserProblem: Error, CustomStringConvertible {
  package let description: String

  package init(_ description: String) {
    self.description = description
  }
}
