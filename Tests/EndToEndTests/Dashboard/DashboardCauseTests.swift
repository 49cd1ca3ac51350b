import Foundation
import RelayBrowser
import RelayTools
import Testing

/// What people ask when something is not as it should be: the answer stands where they look first.
extension DashboardTests {
  @Test func aRouteThatMatchedNamesWhatItMet() async throws {
    let home = try await DashboardHome()
    let ids = try home.send(
      (type: "sentMessage", fields: #""id":1,"company":{"id":15691},"is_internal":true"#))
    let browser = try home.browser(as: "ada", at: "#/events/\(ids[0])")
    try browser.waitToSee("the route tests drops it", "is_internal: true", "not asked: the route tests")
    try home.check(browser)
    await home.end()
  }

  @Test func aPauseSaysWhoAndWhy() async throws {
    let home = try await DashboardHome()
    _ = try home.run("pause", "crm", "--reason", "their maintenance")
    let browser = try home.browser(as: "otto")
    try browser.waitToSee("Paused", "by ada: their maintenance")
    try browser.open("\(home.admin)/#/operate")
    try browser.waitToSee("by ada: their maintenance", "destinations/pause")
    try home.check(browser)
    await home.end()
  }

  @Test func whoTookADeadLetterUpAgainStandsInItsHistory() async throws {
    let home = try await DashboardHome()
    let ids = try home.send((type: "closedChat", fields: #""id":1,"company":{"id":15691}"#))
    let browser = try home.browser(as: "otto", at: "#/events/\(ids[0])")
    try browser.waitToSee("Given up for billing.")
    try browser.click(.button, "Retry: billing")
    try browser.type("a CPF was added", into: "Reason")
    try browser.click(.button, "Retry 1")
    try browser.waitToSee("taken up again by otto: a CPF was added", "Attempt 2:")
    try home.check(browser)
    await home.end()
  }

  /// Broken by the texts in which the number stands: they would hide the chat.
  @Test func aChatIsFoundByItsNumberHoweverManyTextsHoldIt() async throws {
    let home = try await DashboardHome()
    for number in 1...3 {
      try home.send(
        (type: "sentMessage", fields: #""id":\#(number),"company":{"id":15691},"body":"424\#(number)""#))
    }
    try home.send((type: "createdChat", fields: #""id":4242,"company":{"id":15691}"#))
    let browser = try home.browser(as: "ada", at: "#/events")
    try browser.type("4242", into: "Phone number, chat, event id, or any text")
    try browser.click(.button, "Search")
    try browser.wait("the chat") { try browser.place().contains("chat=4242") }
    try browser.waitToSee("createdChat", "That is all: 1.")
    try browser.click(.link, "Search 4242 in all that events say")
    try browser.wait("the texts") { try browser.place().contains("text=4242") }
    try home.check(browser)
    await home.end()
  }

  /// From "the customer wrote, and nothing came" to the wrong token.
  @Test func whatWasNeverAcceptedIsFoundAmongWhatWasRefused() async throws {
    let home = try await DashboardHome()
    try home.sendWrongly("sentMessage", #""id":1,"customer":{"mobile":"5575999990001"}"#)
    let browser = try home.browser(as: "ada", at: "#/events")
    try browser.type("+55 75 99999-0001", into: "Phone number, chat, event id, or any text")
    try browser.click(.button, "Search")
    try browser.waitToSee("No event found.", "It stands in what was refused (401, 1 ×, last")
    try home.check(browser)
    await home.end()
  }
}
