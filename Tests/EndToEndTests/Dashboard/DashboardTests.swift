import Foundation
import RelayBrowser
import RelayTools
import Testing

/// What people do with the dashboard, in Chromium, against the real binary with events coming in.
@Suite(
  .serialized, .enabled(if: Chromium.isThere, "\(Chromium.missing)"), .timeLimit(.minutes(15)))
struct DashboardTests {
  @Test func aPersonLogsInAndOut() async throws {
    let home = try await DashboardHome()
    let browser = try Browser()
    try browser.open(home.admin)
    try browser.waitToSee("Sign in")
    try browser.type("viewers-tokeN", into: "Token")
    try browser.click(.button, "Sign in")
    try browser.waitToSee("The relay does not know this token.")
    try browser.type("viewers-token", into: "Token")
    try browser.press("\u{E007}")
    try browser.waitToSee("vera", "viewer", "crm")
    // No script has it, and it outlives a new load.
    #expect(try browser.script("return document.cookie") as? String == "")
    try browser.reload()
    try browser.waitToSee("vera", "crm")
    try browser.click(.button, "Sign out")
    try browser.waitToSee("Sign in")
    try browser.reload()
    try browser.waitToSee("Sign in")
    #expect(try !browser.sees("crm"))
    try home.check(
      browser,
      expecting: [
        DashboardHome.firstQuestion,
        "/login - Failed to load resource: the server responded with a status of 401",
      ])
    await home.end()
  }

  @Test func theOverviewSaysWhatNeedsSomebody() async throws {
    let home = try await DashboardHome()
    let traffic = try home.play(perSecond: 20)
    try home.send((type: "closedChat", fields: #""id":1,"company":{"id":15691}"#))
    let browser = try home.browser(as: "vera")
    for name in ["crm", "billing", "archive"] { try browser.wait(name) { try browser.has(.link, name) } }
    try browser.waitToSee("huggy", "messages", "closings")
    // What was given up is a link to it.
    try browser.wait("a dead letter of billing") {
      try browser.script("return !!document.querySelector('a[href=\"#/dead?destination=billing\"]')") as? Bool
        == true
    }
    try browser.click(.link, "billing")
    try browser.wait("the events of billing") {
      try browser.place().hasPrefix("#/events?destination=billing")
    }
    try browser.waitToSee("closedChat")
    // Charts are of an hour, a day or a week, and each is seen with its times.
    try browser.open("\(home.admin)/#/overview")
    try browser.click(.button, "crm: attempts")
    try browser.wait("its chart") {
      try browser.script("return document.querySelectorAll('dialog[open] svg, dialog[open] time').length")
        as? Int == 3
    }
    try browser.click(.button, "Close")
    try browser.choose("Charts: last 24 hours", of: "Charts")
    try browser.wait("the day") { try browser.place() == "#/overview?span=24h" }
    try browser.waitToSee("billing", "Charts: last 24 hours")
    traffic.end()
    try home.check(browser)
    await home.end()
  }

  @Test func whatComesInIsSeenAtOnceAndStandsStillWhenItIsToldTo() async throws {
    let home = try await DashboardHome()
    let browser = try home.browser(as: "vera", at: "#/live")
    try browser.waitToSee("Connected")
    try home.send((type: "sentMessage", fields: #""id":1,"company":{"id":15691},"chat":{"id":77001}"#))
    try browser.waitToSee("sentMessage", "77001", "delivered")
    try browser.click(.button, "Pause")
    try browser.waitToSee("Paused")
    try home.send((type: "receivedMessage", fields: #""id":2,"company":{"id":15691},"chat":{"id":77002}"#))
    try browser.waitToSee("1 new")
    #expect(try !browser.sees("77002"))
    try browser.click(.button, "Go on")
    try browser.waitToSee("77002")
    // Of other types nothing is shown.
    try browser.type("created*", into: "Type")
    try browser.press("\u{E007}")
    try browser.wait("the filter") { try browser.place().contains("type=created") }
    try browser.waitToSee("Connected")
    try home.send(
      (type: "sentMessage", fields: #""id":3,"company":{"id":15691},"chat":{"id":77003}"#),
      (type: "createdChat", fields: #""id":77004,"company":{"id":15691}"#))
    try browser.waitToSee("createdChat", "77004")
    #expect(try !browser.sees("77003"))
    try home.check(browser)
    await home.end()
  }

  /// From "an event is missing" to its cause, with nothing but a telephone number.
  @Test func anEventIsFoundByATelephoneNumberDownToItsCause() async throws {
    let home = try await DashboardHome()
    let traffic = try home.play(perSecond: 20)
    let ids = try home.send(
      (type: "closedChat", fields: #""id":1,"company":{"id":15691},"customer":{"mobile":"5575999990000"}"#))
    let browser = try home.browser(as: "ada", at: "#/events")
    try browser.type("+55 75 99999-0000", into: "Phone number, chat, event id, or any text")
    try browser.click(.button, "Search")
    try browser.wait("the event") { try browser.has(.link, "closedChat") }
    try browser.click(.link, "closedChat")
    try browser.wait("its page") { try browser.place() == "#/events/\(ids[0])" }
    try browser.waitToSee("Given up for billing.", "answered 422", "not tried again after such an answer")
    // Why each route did or did not match, and its body as it came.
    try browser.waitToSee("closings", "matched", "5575999990000")
    try browser.click(.button, "Request and answer")
    try browser.waitToSee("webhook-id: \(ids[0])")
    try browser.click(.button, "Copy as Markdown")
    try browser.waitToSee("Copied")
    // What comes of another try is said, and not only that it is tried.
    try browser.click(.button, "Retry: billing")
    try browser.waitToSee("Retry closedChat → billing?")
    try browser.click(.button, "Retry 1")
    try browser.waitToSee("1 pending again.", "billing: Given up at attempt 2")
    traffic.end()
    try home.check(browser)
    await home.end()
  }

  @Test func whoMayNotSeeContentsIsShownNoneAndDoesNothing() async throws {
    let home = try await DashboardHome()
    let ids = try home.send(
      (type: "closedChat", fields: #""id":1,"company":{"id":15691},"customer":{"name":"Maria"}"#))
    let browser = try home.browser(as: "vera", at: "#/events/\(ids[0])")
    try browser.waitToSee("closedChat", "billing")
    try browser.waitToSee("What the event says is shown from the role")
    #expect(try !browser.sees("Maria"))
    try browser.wait("the button") { try browser.has(.button, "Send again") }
    try browser.click(.button, "Send again")
    try browser.waitToSee("This needs the role")
    try browser.open("\(home.admin)/#/operate")
    try browser.waitToSee("Who did what is shown to the role")
    try home.check(browser)
    await home.end()
  }

  @Test func deadLettersAreRetriedAndDiscardedWithAReason() async throws {
    let home = try await DashboardHome()
    for number in 1...3 {
      try home.send((type: "closedChat", fields: #""id":\#(number),"company":{"id":15691}"#))
    }
    let browser = try home.browser(as: "otto", at: "#/dead")
    try browser.waitToSee("billing", "closedChat")
    try browser.wait("all three") {
      if try browser.sees("3 dead") { return true }
      try browser.reload()
      try browser.wait("the list") { try browser.sees("billing") }
      return false
    }
    // Counted first; without the button nothing happens.
    try browser.click(.button, "Retry all: billing")
    try browser.waitToSee("Deliveries: 3")
    try browser.click(.button, "Cancel")
    try browser.click(.button, "Retry all: billing")
    try browser.type("the receiver was mended", into: "Reason")
    try browser.click(.button, "Retry 3")
    try browser.waitToSee("3 pending again.")
    // It was not: they come back.
    try browser.wait("what died anew") {
      try browser.reload()
      try browser.wait("the list") { try browser.sees("Dead letters") }
      return try browser.sees("3 dead")
    }
    // What can't be taken back takes a reason.
    try browser.click(.button, "Discard all: billing")
    try browser.waitToSee("Deliveries: 3")
    #expect(
      try browser.script("return document.querySelector('dialog[open] button[type=submit]').disabled")
        as? Bool == true)
    try browser.type("tried for a test", into: "Reason")
    try browser.click(.button, "Discard 3")
    try browser.waitToSee("3 discarded.", "No dead letters.")
    try home.check(browser)
    let audit = try home.run("audit")
    #expect(audit.contains("otto (operator)") && audit.contains("the receiver was mended"), "\(audit)")
    #expect(audit.contains("deliveries/discard") && audit.contains("tried for a test"))
    await home.end()
  }

  /// Somebody else has acted while the question was read.
  @Test func whatHasChangedSinceItWasCountedIsShownBeforeItIsDone() async throws {
    let home = try await DashboardHome()
    for number in 1...3 {
      try home.send((type: "closedChat", fields: #""id":\#(number),"company":{"id":15691}"#))
    }
    let browser = try home.browser(as: "otto", at: "#/dead")
    try browser.wait("all three") {
      if try browser.sees("3 dead") { return true }
      try browser.reload()
      try browser.wait("the list") { try browser.sees("billing") }
      return false
    }
    try browser.click(.button, "Discard all: billing")
    try browser.waitToSee("Deliveries: 3")
    let dead = try home.run("deliveries", "--state", "dead")
    let first = try #require(
      dead.split(separator: "\n").compactMap { Int($0.split(separator: " ")[0]) }.first)
    #expect(try home.run("discard", "\(first)").contains("1 delivery discarded"))
    try browser.type("nobody wants them", into: "Reason")
    try browser.click(.button, "Discard 3")
    try browser.waitToSee("more or fewer meanwhile", "Deliveries: 2")
    #expect(try home.run("deliveries", "--state", "dead").contains("closedChat"), "nothing was done")
    try browser.click(.button, "Discard 2")
    try browser.waitToSee("2 discarded.", "No dead letters.")
    try home.check(
      browser,
      expecting: [
        DashboardHome.firstQuestion,
        "/api/v1/deliveries/discard - Failed to load resource: the server responded with a status of 409",
      ])
    #expect(try home.run("audit", "--what", "deliveries/discard").contains("unexpected_count"))
    await home.end()
  }

  /// A type of no letters is one like others: it is seen, and can be asked for. A company or a channel of none is none.
  @Test func anEventWithoutAWordForItsTypeIsFound() async throws {
    let home = try await DashboardHome()
    let ids = try home.send(
      (type: "", fields: #""id":1,"company":{"id":""},"channel":"""#),
      (type: "sentMessage", fields: #""id":2,"company":{"id":15691}"#))
    let quotes = "\"\""
    let found = try home.run("events", "--type", quotes, "--company", "null", "--channel", "null")
    #expect(found.contains(ids[0]) && !found.contains(ids[1]), "\(found)")
    let browser = try home.browser(as: "ada", at: "#/events?type=%22%22&company=null&channel=null")
    try browser.click(.link, quotes)
    try browser.wait("its page") { try browser.place() == "#/events/\(ids[0])" }
    try browser.wait("its heading") { try browser.has(.heading, quotes) }
    try home.check(browser)
    await home.end()
  }

  @Test func anEnvelopeIsExplainedAndADestinationTried() async throws {
    let home = try await DashboardHome()
    let browser = try home.browser(as: "otto", at: "#/try")
    try browser.type(
      #"{"messages":{"sentMessage":[{"id":1,"company":{"id":15691}}]}}"#,
      into: "An envelope, as Huggy posts it")
    try browser.click(.button, "Where does it go?")
    try browser.waitToSee("goes to", "crm", "archive", "messages")
    try browser.choose("crm", of: "Destination")
    try browser.click(.button, "Send a test")
    try browser.waitToSee("Send a test to crm?")
    #expect(home.received.all.isEmpty)
    try browser.type("trying it out", into: "Reason")
    try browser.press("\u{E007}")
    try browser.waitToSee("sentMessage → crm", "answered 200")
    #expect(home.received.wait { $0.count == 1 } && home.received.all[0].path == "/crm")
    try home.check(browser)
    await home.end()
  }

  @Test func aDestinationIsPausedAndResumedAndTheConfigurationReloaded() async throws {
    let home = try await DashboardHome()
    let browser = try home.browser(as: "ada", at: "#/operate")
    try browser.click(.button, "Pause: crm")
    try browser.choose("15 minutes", of: "For how long")
    try browser.type("maintenance", into: "Reason")
    try browser.click(.button, "Pause")
    try browser.waitToSee("crm is paused until")
    try browser.wait("its way back") { try browser.has(.button, "Resume: crm") }
    try home.send((type: "sentMessage", fields: #""id":1,"company":{"id":15691}"#))
    #expect(home.received.wait { $0.contains { $0.path == "/archive" } })
    #expect(!home.received.all.contains { $0.path == "/crm" })
    try browser.click(.button, "Resume: crm")
    try browser.click(.button, "Resume")
    try browser.waitToSee("crm runs again.")
    #expect(home.received.wait { $0.contains { $0.path == "/crm" } })

    // What a reload would change is shown before it is done.
    try home.rewrite(rate: "7/s")
    try browser.click(.button, "Compare the file with it")
    try browser.waitToSee("destinations.crm.rate", "7/s")
    try browser.click(.button, "Reload …")
    try browser.type("slower", into: "Reason")
    try browser.click(.button, "Reload")
    try browser.waitToSee("The relay goes by")
    try browser.reload()
    try browser.waitToSee("Audit", "destinations/pause", "maintenance", "reload", "slower")
    try home.check(browser)
    await home.end()
  }

  @Test func whoseTokenIsTakenAwayIsAskedForOne() async throws {
    let home = try await DashboardHome()
    let browser = try home.browser(as: "vera")
    try browser.waitToSee("crm")
    try home.takeTokenAway(from: "vera")
    try browser.waitToSee("Sign in")
    #expect(try !browser.sees("crm"))
    await home.end()
  }
}

/// How the page looks and reads to whom it is for.
@Suite(
  .serialized,
  .enabled(if: Chromium.isThere && Axe.isThere, "\(Chromium.isThere ? Axe.missing : Chromium.missing)"),
  .timeLimit(.minutes(15)))
struct DashboardAccessTests {
  private static let pages = ["overview", "live?type=nothing", "events", "live", "dead", "try", "operate"]

  /// HUGGY_RELAY_PICTURES names a folder: then what is seen is kept there.
  private static let pictures = ProcessInfo.processInfo.environment["HUGGY_RELAY_PICTURES"]

  @Test(arguments: [
    Browser.Look(), Browser.Look(isDark: true), Browser.Look(width: 360, height: 740),
    Browser.Look(languages: "pt-BR", width: 360, height: 740, isDark: true), Browser.Look(languages: "pt-BR"),
  ])
  func everyPageIsForEverybody(look: Browser.Look) async throws {
    let home = try await DashboardHome()
    let ids = try home.send(
      (type: "closedChat", fields: #""id":1,"company":{"id":15691},"customer":{"mobile":"5575999990000"}"#),
      (type: "sentMessage", fields: #""id":2,"company":{"id":15691},"chat":{"id":77}"#))
    let browser = try Browser(look)
    try browser.open(home.admin)
    try browser.wait("the login") { try browser.has(.field, "Token") }
    try inspect("login", of: browser, look)
    let person = try home.browser(as: "ada", look)
    for page in Self.pages + ["events/\(ids[0])"] {
      try person.open("\(home.admin)/#/\(page)")
      // Its own heading, and what it asks for.
      try person.wait("the page \(page)") {
        try person.script(
          """
          return !!document.querySelector(`main .page.${arguments[0]} h1`)
            && !document.querySelector("main").innerText.match(/(Loading|Counting|Carregando|Contando) ?…/)
          """, page.prefix { $0.isLetter }.description) as? Bool == true
      }
      try inspect(page, of: person, look)
    }
    try home.check(browser)
    try home.check(person)
    await home.end()
  }

  private func inspect(_ page: String, of browser: Browser, _ look: Browser.Look) throws {
    let problems = try browser.accessibilityProblems()
    #expect(problems.isEmpty, "\(page), \(look):\n\(problems.joined(separator: "\n"))")
    let overhang =
      try browser.script(
        "return document.documentElement.scrollWidth - document.documentElement.clientWidth") as? Int
    #expect(overhang == 0, "\(page), \(look): it is wider than the window")
    let language = try browser.script("return document.documentElement.lang") as? String
    #expect(language == (look.languages.hasPrefix("pt") ? "pt-BR" : "en"))
    guard let folder = Self.pictures else { return }
    let part = page.contains("/") ? "-one" : page.contains("?") ? "-none" : ""
    let name = "\(page.prefix { $0.isLetter })\(part) \(look)"
      .split(separator: " ").joined(separator: "-")
    try browser.picture().write(to: URL(fileURLWithPath: "\(folder)/\(name).png"))
  }

  /// No mouse: from the top of the page to a destination's events, and a question that is answered with Escape.
  @Test func everythingIsReachedByTheKeyboard() async throws {
    let home = try await DashboardHome()
    let browser = try home.browser(as: "otto")
    try browser.wait("the table") { try browser.has(.link, "crm") }
    var reached: [String] = []
    for _ in 0..<60 {
      try browser.press("\u{E004}")
      let name =
        try browser.script(
          "return document.activeElement.getAttribute('aria-label') ?? document.activeElement.innerText")
        as? String
      reached.append(name ?? "")
      if name == "crm" { break }
    }
    #expect(reached.contains("Operate") && reached.last == "crm", "\(reached)")
    try browser.press("\u{E007}")
    try browser.wait("the events of crm") { try browser.place().hasPrefix("#/events?destination=crm") }
    try browser.open("\(home.admin)/#/operate")
    try browser.click(.button, "Pause: crm")
    try browser.wait("the question") { try browser.has(.heading, "Pause crm?") }
    try browser.press("\u{E00C}")
    try browser.wait("its end") { try !browser.has(.heading, "Pause crm?") }
    #expect(
      try browser.script("return document.activeElement.getAttribute('aria-label')") as? String
        == "Pause: crm",
      "the focus is back where it was")
    try home.check(browser)
    await home.end()
  }
}
