import Foundation
import RelayHarness

/// A person in front of a page: finds things by what they are and are called, clicks and types; and looks at what the page asks for
/// and complains of.
///
/// A Chromium of its own, without a window, with a profile that goes with it. Whatever is looked for is waited for, for twenty
/// seconds at most.
package final class Browser {
  /// How the page is looked at.
  package struct Look: Sendable, CustomStringConvertible {
    package var languages: String
    package var width: Int
    package var height: Int
    package var isDark: Bool

    package init(languages: String = "en-US", width: Int = 1280, height: Int = 900, isDark: Bool = false) {
      self.languages = languages
      self.width = width
      self.height = height
      self.isDark = isDark
    }

    package var description: String { "\(languages) \(width)px \(isDark ? "dark" : "light")" }
  }

  /// What something on the page is.
  package enum Kind: String {
    case button, link, field, box, heading, row
  }

  private let driver: ChromeDriver
  private let web: WebDriver
  private let profile: TemporaryFolder
  private static let patience = Duration.seconds(60)

  package init(_ look: Look = Look()) throws {
    guard let binary = Chromium.browser else { throw BrowserProblem(Chromium.missing) }
    profile = try TemporaryFolder()
    driver = try ChromeDriver()
    let arguments = [
      "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
      "--disable-background-networking", "--disable-component-update", "--disable-sync",
      "--disable-extensions",
      "--user-data-dir=\(profile.path)", "--accept-lang=\(look.languages)", "--lang=\(look.languages)",
      "--window-size=\(max(look.width, 500)),\(look.height)",
    ]
    do {
      web = try WebDriver(
        driver,
        capabilities: [
          "browserName": "chrome", "pageLoadStrategy": "normal",
          "goog:chromeOptions": ["binary": binary, "args": arguments],
          "goog:loggingPrefs": ["browser": "ALL", "performance": "ALL"],
        ])
    } catch {
      driver.end()
      throw error
    }
    // A window can't be as narrow as a telephone.
    try web.devtools(
      "Emulation.setDeviceMetricsOverride",
      ["width": look.width, "height": look.height, "deviceScaleFactor": 1, "mobile": false])
    try web.devtools(
      "Emulation.setEmulatedMedia",
      ["features": [["name": "prefers-color-scheme", "value": look.isDark ? "dark" : "light"]]])
  }

  deinit {
    web.end()
    driver.end()
  }

  // MARK: Doing

  package func open(_ url: String) throws {
    try web.post("url", ["url": url])
  }

  package func reload() throws {
    try web.post("refresh")
  }

  package func click(_ kind: Kind, _ name: String) throws {
    try act(on: kind, name) { try web.post("element/\($0)/click") }
  }

  /// Types a text in place of what stands there.
  package func type(_ text: String, into name: String) throws {
    try act(on: .field, name) { element in
      try web.post("element/\(element)/clear")
      try web.post("element/\(element)/value", ["text": text])
    }
  }

  /// Chooses what is called so of a list.
  package func choose(_ option: String, of name: String) throws {
    try act(on: .field, name) { element in
      let done = try script(
        """
        const [list, text] = arguments;
        const option = [...list.options].find((one) => one.textContent.trim() === text);
        if (!option) return false;
        list.value = option.value;
        list.dispatchEvent(new Event("input", { bubbles: true }));
        list.dispatchEvent(new Event("change", { bubbles: true }));
        return true;
        """, [WebDriver.elementKey: element], option)
      guard done as? Bool == true else { throw BrowserProblem("'\(name)' has no choice '\(option)'") }
    }
  }

  /// Presses keys where the focus is, as `\u{E004}` (tabulator) or `\u{E007}` (enter) of the standard's table.
  package func press(_ keys: String) throws {
    let actions = keys.flatMap { key in
      [["type": "keyDown", "value": String(key)], ["type": "keyUp", "value": String(key)]]
    }
    try web.post("actions", ["actions": [["type": "key", "id": "keyboard", "actions": actions]]])
  }

  // MARK: Looking

  /// Runs a script in the page; `arguments` are what is given.
  @discardableResult
  package func script(_ text: String, _ arguments: Any...) throws -> Any {
    try web.post("execute/sync", ["script": text, "args": arguments])
  }

  /// The same; it calls its last argument with the result.
  package func scriptThatEnds(_ text: String, _ arguments: Any...) throws -> Any {
    try web.post("execute/async", ["script": text, "args": arguments])
  }

  /// All text that is seen.
  package func text() throws -> String {
    try script("return document.body.innerText") as? String ?? ""
  }

  package func title() throws -> String { try web.get("title") as? String ?? "" }

  /// What follows the `#` of the address.
  package func place() throws -> String {
    try script("return location.hash") as? String ?? ""
  }

  package func sees(_ text: String) throws -> Bool {
    // Capitals may be the style's.
    try self.text().lowercased().contains(text.lowercased())
  }

  package func has(_ kind: Kind, _ name: String) throws -> Bool { try find(kind, name) != nil }

  /// Waits until all of these are seen.
  package func waitToSee(_ texts: String...) throws {
    for text in texts { try wait("'\(text)'") { try sees(text) } }
  }

  package func wait(
    _ what: String, for limit: Duration = Browser.defaultPatience, until isSo: () throws -> Bool
  ) throws {
    let end = ContinuousClock.now.advanced(by: limit)
    while true {
      if try isSo() { return }
      guard ContinuousClock.now < end else {
        throw BrowserProblem(
          "\(what) did not come within \(limit); at \(try place()) there is: \(try text().prefix(3_000))")
      }
      Thread.sleep(forTimeInterval: 0.05)
    }
  }

  package static let defaultPatience = patience

  /// A picture of what is seen, as PNG.
  package func picture() throws -> Data {
    Data(base64Encoded: try web.get("screenshot") as? String ?? "") ?? Data()
  }

  // MARK: Complaints

  /// What the console said since the last look that is worse than a warning, and what was asked of anybody but `relay`: there should be
  /// nothing.
  ///
  /// - Parameters:
  ///   - relay: `http://HOST:PORT`.
  ///   - expected: Texts of complaints that belong to what was tried.
  package func complaints(besides relay: String, expecting expected: [String] = []) throws -> [String] {
    let console = try log("browser").filter { $0["level"] as? String == "SEVERE" }
      .map { $0["message"] as? String ?? "" }
      .filter { message in !expected.contains { message.contains($0) } }
    let requests = try log("performance").compactMap { entry -> String? in
      guard let text = entry["message"] as? String,
        let event = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any],
        let message = event["message"] as? [String: Any],
        message["method"] as? String == "Network.requestWillBeSent",
        let parameters = message["params"] as? [String: Any],
        let request = parameters["request"] as? [String: Any], let url = request["url"] as? String,
        // The browser's own page, which a new window begins with, and what is within it: nobody is asked.
        !url.hasPrefix(relay + "/"), !url.hasPrefix("chrome://"), !url.hasPrefix("data:")
      else { return nil }
      return "a request to \(url)"
    }
    return console + requests
  }

  private func log(_ kind: String) throws -> [[String: Any]] {
    try web.post("se/log", ["type": kind]) as? [[String: Any]] ?? []
  }

  // MARK: Finding

  private func act(on kind: Kind, _ name: String, _ work: (String) throws -> Void) throws {
    var last: (any Error)?
    let end = ContinuousClock.now.advanced(by: Self.patience)
    repeat {
      do {
        if let element = try find(kind, name) { return try work(element) }
      } catch let refusal as WebDriver.Refusal where Self.passing.contains(refusal.code) {
        // The page has drawn itself anew, or is about to.
        last = refusal
      }
      Thread.sleep(forTimeInterval: 0.05)
    } while ContinuousClock.now < end
    throw BrowserProblem(
      "there is no \(kind) '\(name)' to be used\(last.map { " (\($0))" } ?? ""); at \(try place()) there is: "
        + "\(try text().prefix(3_000))")
  }

  private static let passing = [
    "stale element reference", "element click intercepted", "element not interactable",
    "invalid element state",
  ]

  /// The first that is seen and called exactly so; else the first whose name begins so.
  private func find(_ kind: Kind, _ name: String) throws -> String? {
    let found = try script(Self.finder, kind.rawValue, name)
    return (found as? [String: Any])?[WebDriver.elementKey] as? String
  }

  /// While a dialog is open, only what is in it can be used.
  private static let finder = """
    const [kind, name] = arguments;
    const selectors = {
      button: "button, summary, [role=button], [role=tab], [role=menuitem]", link: "a[href]",
      field: "input:not([type=checkbox]):not([type=radio]), textarea, select",
      box: "input[type=checkbox], input[type=radio]", heading: "h1, h2, h3, h4", row: "tr, [role=row]",
    };
    const words = (node) => (node?.innerText ?? node?.textContent ?? "").replace(/\\s+/g, " ").trim();
    const nameOf = (node) => {
      const label = node.getAttribute("aria-label");
      if (label) return label.trim();
      const by = node.getAttribute("aria-labelledby");
      if (by) return by.split(" ").map((id) => words(document.getElementById(id))).join(" ");
      if (node.labels?.length) return [...node.labels].map((label) => {
        const copy = label.cloneNode(true);
        copy.querySelectorAll("input, textarea, select").forEach((field) => field.remove());
        return copy.textContent.replace(/\\s+/g, " ").trim();
      }).join(" ");
      return words(node) || node.title || node.placeholder || "";
    };
    const dialogs = [...document.querySelectorAll("dialog[open]")].filter((one) => one.matches(":modal"));
    const root = dialogs.at(-1) ?? document;
    const seen = [...root.querySelectorAll(selectors[kind])].filter((one) => one.checkVisibility({ visibilityProperty: true }));
    return seen.find((one) => nameOf(one) === name) ?? seen.find((one) => nameOf(one).startsWith(name)) ?? null;
    """
}
